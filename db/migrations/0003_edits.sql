-- What a person changed by hand: the metadata job, run again, leaves it alone.
alter table asset_exif add column edited text[] not null default '{}'
  check (edited <@ array['date', 'description', 'place', 'rating']);
comment on column asset_exif.edited is 'what a person set by hand and no job may overwrite';
