-- The foundation: users and their credentials, assets and their files, albums, uploads, jobs.
-- Decided for good here, because it is dear to change: singular names, UUIDv4 ids, one instance a database, paths
-- relative to a root, change feed columns (create_id, update_id, update_xid), tombstones, soft deletion as a column.

create extension if not exists vector;

-- UUIDv7 (RFC 9562): 48 bits of milliseconds, then random. Neither PostgreSQL 15 nor 17 has one of its own.
create function uuid_v7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_byte(
      overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::int8) from 3)
              from 1 for 6),
      6, (get_byte(uuid_send(gen_random_uuid()), 6) & 15) | 112),
    'hex')::uuid
$$;

-- Readers of the change feed order by update_id and stop at pg_snapshot_xmin by update_xid: a late commit is not skipped.
create function stamp_change() returns trigger language plpgsql as $$
begin
  new.updated_at = clock_timestamp();
  new.update_id = uuid_v7();
  new.update_xid = pg_current_xact_id();
  return new;
end $$;

-- A deleted row leaves its key behind, for feeds of devices that were away; kept 31 days.
create table tombstone (
  id          uuid primary key default uuid_v7(),
  kind        text not null check (kind ~ '^[a-z_]{1,40}$'),
  subject_id  uuid not null,
  other_id    uuid,
  owner_id    uuid,
  deleted_xid xid8 not null default pg_current_xact_id(),
  deleted_at  timestamptz(3) not null default clock_timestamp()
);
create index tombstone_owner on tombstone (owner_id, kind, id);
comment on table tombstone is 'keys of deleted synced rows: kind is the table, other_id the second half of a pair';

create table instance (
  singleton  boolean primary key default true check (singleton),
  id         uuid not null default gen_random_uuid(),
  epoch      uuid not null default gen_random_uuid(),
  settings   jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  verified   text,
  created_at timestamptz(3) not null default clock_timestamp()
);
comment on column instance.epoch is 'changed by who restores the database from a backup';
comment on column instance.verified is 'the incarnation of this database that was last compared with the files: in another one the collector stays off';
-- A dump that somebody restored by hand is seen as well: it has another cluster or at least another table.
create function instance_incarnation(epoch uuid) returns text language sql stable as $$
  select concat_ws(' ', epoch, system_identifier, 'instance'::regclass::oid) from pg_control_system()
$$;
insert into instance default values;
update instance set verified = instance_incarnation(epoch);

create table user_account (
  id                     uuid primary key default gen_random_uuid(),
  email                  text not null check (char_length(email) between 3 and 320),
  name                   text not null check (char_length(name) between 1 and 500),
  password_hash          text check (char_length(password_hash) <= 200),
  pin_hash               text check (char_length(pin_hash) <= 200),
  is_admin               boolean not null default false,
  should_change_password boolean not null default false,
  status                 text not null default 'active' check (status in ('active', 'removing', 'deleted')),
  storage_label          text check (char_length(storage_label) <= 200),
  profile_image_path     text not null default '' check (char_length(profile_image_path) <= 500),
  profile_changed_at     timestamptz(3) not null default clock_timestamp(),
  cluster_group_id       uuid not null default gen_random_uuid(),
  quota_size_bytes       bigint check (quota_size_bytes >= 0),
  quota_usage_bytes      bigint not null default 0 check (quota_usage_bytes >= 0),
  created_at             timestamptz(3) not null default clock_timestamp(),
  updated_at             timestamptz(3) not null default clock_timestamp(),
  deleted_at             timestamptz(3),
  create_id              uuid not null default uuid_v7(),
  update_id              uuid not null default uuid_v7(),
  update_xid             xid8 not null default pg_current_xact_id()
);
create unique index user_account_email_key on user_account (lower(email));
create trigger user_account_stamp before update on user_account for each row execute function stamp_change();

create table user_metadata (
  user_id uuid not null references user_account on delete cascade,
  key     text not null check (char_length(key) between 1 and 100),
  value   jsonb not null,
  updated_at timestamptz(3) not null default clock_timestamp(),
  update_id  uuid not null default uuid_v7(),
  update_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, key)
);
create trigger user_metadata_stamp before update on user_metadata for each row execute function stamp_change();

create table session (
  id             uuid primary key default gen_random_uuid(),
  user_id        uuid not null references user_account on delete cascade,
  token_hash     bytea not null unique check (octet_length(token_hash) = 32),
  device_os      text not null default '' check (char_length(device_os) <= 100),
  device_type    text not null default '' check (char_length(device_type) <= 100),
  app_version    text check (char_length(app_version) <= 100),
  created_at     timestamptz(3) not null default clock_timestamp(),
  updated_at     timestamptz(3) not null default clock_timestamp(),
  expires_at     timestamptz(3),
  pin_expires_at timestamptz(3)
);
create index session_by_user on session (user_id);
comment on column session.token_hash is 'SHA-256 of the token: the token itself is stored nowhere';

create table api_key (
  id          uuid primary key default gen_random_uuid(),
  user_id     uuid not null references user_account on delete cascade,
  name        text not null check (char_length(name) between 1 and 255),
  key_hash    bytea not null unique check (octet_length(key_hash) = 32),
  permissions text[] not null check (cardinality(permissions) between 1 and 200),
  created_at  timestamptz(3) not null default clock_timestamp(),
  updated_at  timestamptz(3) not null default clock_timestamp()
);
create index api_key_user on api_key (user_id);

create table stack (
  id               uuid primary key default gen_random_uuid(),
  owner_id         uuid not null references user_account on delete cascade,
  primary_asset_id uuid not null,
  created_at       timestamptz(3) not null default clock_timestamp(),
  updated_at       timestamptz(3) not null default clock_timestamp(),
  create_id        uuid not null default uuid_v7(),
  update_id        uuid not null default uuid_v7(),
  update_xid       xid8 not null default pg_current_xact_id()
);
create trigger stack_stamp before update on stack for each row execute function stamp_change();

create table asset (
  id                  uuid primary key default gen_random_uuid(),
  owner_id            uuid not null references user_account on delete cascade,
  type                text not null check (type in ('IMAGE', 'VIDEO', 'AUDIO', 'OTHER')),
  visibility          text not null default 'timeline' check (visibility in ('timeline', 'archive', 'hidden', 'locked')),
  original_file_name  text not null check (char_length(original_file_name) between 1 and 255),
  original_path       text not null check (char_length(original_path) between 1 and 1000),
  original_mime_type  text not null check (char_length(original_mime_type) <= 100),
  sidecar_path        text check (char_length(sidecar_path) <= 1000),
  checksum            bytea not null check (octet_length(checksum) = 20),
  blake2b             bytea not null check (octet_length(blake2b) = 32),
  file_size_bytes     bigint not null check (file_size_bytes > 0),
  file_created_at     timestamptz(3) not null,
  file_modified_at    timestamptz(3) not null,
  local_date_time     timestamp(3) not null,
  month               date not null generated always as (date_trunc('month', local_date_time)::date) stored,
  time_zone           text check (char_length(time_zone) <= 64),
  duration_ms         bigint check (duration_ms >= 0),
  width               integer check (width > 0),
  height              integer check (height > 0),
  thumbhash           bytea check (octet_length(thumbhash) between 5 and 40),
  is_favorite         boolean not null default false,
  is_offline          boolean not null default false,
  library_id          uuid,
  live_photo_video_id uuid references asset on delete set null,
  stack_id            uuid references stack on delete set null,
  metadata_state      text not null default 'waiting' check (metadata_state in ('waiting', 'done', 'failed', 'unsupported')),
  derivative_state    text not null default 'waiting' check (derivative_state in ('waiting', 'done', 'failed', 'unsupported')),
  error               text check (char_length(error) <= 1000),
  created_at          timestamptz(3) not null default clock_timestamp(),
  updated_at          timestamptz(3) not null default clock_timestamp(),
  deleted_at          timestamptz(3),
  create_id           uuid not null default uuid_v7(),
  update_id           uuid not null default uuid_v7(),
  update_xid          xid8 not null default pg_current_xact_id()
);
create unique index asset_owner_checksum_key on asset (owner_id, checksum) where library_id is null;
create index asset_owner_timeline on asset (owner_id, month, local_date_time desc, id desc) where deleted_at is null;
create index asset_owner_month on asset (owner_id, visibility, month) where deleted_at is null;
create index asset_feed on asset (owner_id, update_id);
create index asset_stack on asset (stack_id) where stack_id is not null;
create index asset_live_photo on asset (live_photo_video_id) where live_photo_video_id is not null;
create trigger asset_stamp before update on asset for each row execute function stamp_change();
comment on column asset.original_path is 'relative to the root of the originals';
comment on column asset.local_date_time is 'wall time where the picture was taken';
comment on column asset.blake2b is 'BLAKE2b-256 of the original: SwissPhoto''s own integrity check';

create table asset_exif (
  asset_id           uuid primary key references asset on delete cascade,
  make               text check (char_length(make) <= 200),
  model              text check (char_length(model) <= 200),
  lens_model         text check (char_length(lens_model) <= 200),
  f_number           double precision,
  focal_length       double precision,
  iso                integer,
  exposure_time      text check (char_length(exposure_time) <= 50),
  latitude           double precision check (latitude between -90 and 90),
  longitude          double precision check (longitude between -180 and 180),
  altitude           double precision,
  city               text check (char_length(city) <= 200),
  state              text check (char_length(state) <= 200),
  country            text check (char_length(country) <= 200),
  description        text not null default '' check (char_length(description) <= 20000),
  rating             integer check (rating between -1 and 5),
  orientation        text check (char_length(orientation) <= 20),
  date_time_original timestamptz(3),
  modify_date        timestamptz(3),
  time_zone          text check (char_length(time_zone) <= 64),
  image_width        integer,
  image_height       integer,
  projection_type    text check (char_length(projection_type) <= 50),
  updated_at         timestamptz(3) not null default clock_timestamp(),
  update_id          uuid not null default uuid_v7(),
  update_xid         xid8 not null default pg_current_xact_id()
);
create trigger asset_exif_stamp before update on asset_exif for each row execute function stamp_change();

create table asset_file (
  asset_id   uuid not null references asset on delete cascade,
  kind       text not null check (kind in ('preview', 'thumbnail', 'fullsize')),
  path       text not null check (char_length(path) between 1 and 1000),
  mime_type  text not null check (char_length(mime_type) <= 100),
  size_bytes bigint not null check (size_bytes > 0),
  width      integer not null check (width > 0),
  height     integer not null check (height > 0),
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (asset_id, kind)
);
comment on table asset_file is 'derivatives; path is relative to the root of the derivatives';

create table asset_metadata (
  asset_id   uuid not null references asset on delete cascade,
  key        text not null check (char_length(key) between 1 and 200),
  value      jsonb not null,
  updated_at timestamptz(3) not null default clock_timestamp(),
  update_id  uuid not null default uuid_v7(),
  update_xid xid8 not null default pg_current_xact_id(),
  primary key (asset_id, key)
);
create trigger asset_metadata_stamp before update on asset_metadata for each row execute function stamp_change();

create table album (
  id                  uuid primary key default gen_random_uuid(),
  name                text not null check (char_length(name) <= 500),
  description         text not null default '' check (char_length(description) <= 20000),
  thumbnail_asset_id  uuid references asset on delete set null,
  is_activity_enabled boolean not null default true,
  sort_order          text not null default 'desc' check (sort_order in ('asc', 'desc')),
  created_at          timestamptz(3) not null default clock_timestamp(),
  updated_at          timestamptz(3) not null default clock_timestamp(),
  deleted_at          timestamptz(3),
  create_id           uuid not null default uuid_v7(),
  update_id           uuid not null default uuid_v7(),
  update_xid          xid8 not null default pg_current_xact_id()
);
create trigger album_stamp before update on album for each row execute function stamp_change();

create table album_user (
  album_id   uuid not null references album on delete cascade,
  user_id    uuid not null references user_account on delete cascade,
  role       text not null check (role in ('owner', 'editor', 'viewer')),
  created_at timestamptz(3) not null default clock_timestamp(),
  updated_at timestamptz(3) not null default clock_timestamp(),
  create_id  uuid not null default uuid_v7(),
  update_id  uuid not null default uuid_v7(),
  update_xid xid8 not null default pg_current_xact_id(),
  primary key (album_id, user_id)
);
create unique index album_user_owner_key on album_user (album_id) where role = 'owner';
create index album_user_user on album_user (user_id);
create trigger album_user_stamp before update on album_user for each row execute function stamp_change();

create table album_asset (
  album_id   uuid not null references album on delete cascade,
  asset_id   uuid not null references asset on delete cascade,
  added_by   uuid references user_account on delete set null,
  created_at timestamptz(3) not null default clock_timestamp(),
  updated_at timestamptz(3) not null default clock_timestamp(),
  create_id  uuid not null default uuid_v7(),
  update_id  uuid not null default uuid_v7(),
  update_xid xid8 not null default pg_current_xact_id(),
  primary key (album_id, asset_id)
);
create index album_asset_asset on album_asset (asset_id);
create trigger album_asset_stamp before update on album_asset for each row execute function stamp_change();

create function bury() returns trigger language plpgsql as $$
declare gone jsonb := to_jsonb(old);
begin
  insert into tombstone (kind, subject_id, other_id, owner_id)
  values (tg_table_name,
          (gone ->> tg_argv[0])::uuid,
          (gone ->> nullif(tg_argv[1], ''))::uuid,
          (gone ->> nullif(tg_argv[2], ''))::uuid);
  return null;
end $$;
create trigger user_account_bury after delete on user_account for each row execute function bury('id', '', '');
create trigger asset_bury after delete on asset for each row execute function bury('id', '', 'owner_id');
create trigger stack_bury after delete on stack for each row execute function bury('id', '', 'owner_id');
create trigger album_bury after delete on album for each row execute function bury('id', '', '');
create trigger album_user_bury after delete on album_user for each row execute function bury('album_id', 'user_id', '');
create trigger album_asset_bury after delete on album_asset for each row execute function bury('album_id', 'asset_id', '');
create trigger asset_metadata_bury after delete on asset_metadata for each row execute function bury('asset_id', '', '');

create table upload (
  id             uuid primary key,
  owner_id       uuid not null references user_account on delete cascade,
  path           text not null unique check (char_length(path) between 1 and 1000),
  reserved_bytes bigint not null default 0 check (reserved_bytes >= 0),
  expires_at     timestamptz(3) not null,
  created_at     timestamptz(3) not null default clock_timestamp()
);
create index upload_expires on upload (expires_at);
comment on table upload is 'committed before the first byte of an upload, deleted in the transaction of its asset; id becomes the asset''s; path has no extension: all files of the upload begin with it';

create table quarantine (
  path       text primary key check (char_length(path) <= 1000),
  root       text not null check (root in ('originals', 'derivatives')),
  found_at   timestamptz(3) not null default clock_timestamp()
);
comment on table quarantine is 'files that no row knows, moved aside and never unlinked';

create table job (
  id            bigint generated always as identity primary key,
  kind          text not null check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
  queue         text not null check (char_length(queue) <= 40),
  subject_id    uuid,
  payload       jsonb not null default '{}',
  dedupe_key    text check (char_length(dedupe_key) <= 200),
  state         text not null default 'waiting' check (state in ('waiting', 'active', 'failed')),
  again         boolean not null default false,
  attempts      integer not null default 0 check (attempts >= 0),
  max_attempts  integer not null check (max_attempts between 1 and 100),
  run_after     timestamptz(3) not null default clock_timestamp(),
  published     text,
  locked_by     text check (char_length(locked_by) <= 100),
  locked_until  timestamptz(3),
  error         text check (char_length(error) <= 2000),
  created_at    timestamptz(3) not null default clock_timestamp(),
  updated_at    timestamptz(3) not null default clock_timestamp()
);
create unique index job_dedupe_key on job (kind, dedupe_key) where state in ('waiting', 'active');
create index job_due on job (run_after) where state = 'waiting';
create index job_active on job (locked_until) where state = 'active';
create index job_queue_state on job (queue, state);
comment on table job is 'the truth about background work; Redis carries only ids. Completed rows are deleted and counted in job_queue';
comment on column job.again is 'asked for once more while it ran: it runs again after';
comment on column job.published is 'the epoch of the Redis store that this row''s id was last published to';

create table job_queue (
  name            text primary key check (char_length(name) <= 40),
  is_paused       boolean not null default false,
  completed_count bigint not null default 0
);
