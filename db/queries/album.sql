-- name: album_create :one
insert into album (name, description) values (:name, :description) returning id

-- name: album_user_add :exec
insert into album_user (album_id, user_id, role) values (:album_id, :user_id, :role)

-- Newest first. Counts and dates are of assets that a member sees: neither trashed nor locked. ids NULL: all of the user's.
-- name: albums_of_user :many
select b.id, b.name, b.description, b.is_activity_enabled, b.sort_order, b.created_at, b.updated_at,
       coalesce(b.thumbnail_asset_id, s.newest_id) as thumbnail_asset_id,
       s.asset_count as "asset_count!", s.start_date, s.end_date, s.modified_at,
       (select count(*) from album_user o where o.album_id = b.id) > 1 as "is_shared!"
  from album b
  join album_user m on m.album_id = b.id and m.user_id = :user_id
  cross join lateral (
    select count(a.id) as asset_count, min(a.local_date_time) as start_date, max(a.local_date_time) as end_date,
           max(a.updated_at) as modified_at, (array_agg(a.id order by a.local_date_time desc, a.id desc))[1] as newest_id
      from album_asset l join asset a on a.id = l.asset_id
     where l.album_id = b.id and a.deleted_at is null and a.visibility <> 'locked') s
 where b.deleted_at is null
   and (:id?::uuid is null or b.id = :id?)
   and (:name?::text is null or b.name = :name?)
   and (:asset_id?::uuid is null or exists (select from album_asset l where l.album_id = b.id and l.asset_id = :asset_id?))
   and (:is_owned?::bool is null or (m.role = 'owner') = :is_owned?)
   and (:is_shared?::bool is null or ((select count(*) from album_user o where o.album_id = b.id) > 1) = :is_shared?)
 order by b.created_at desc, b.id desc

-- The owner first.
-- name: album_users :many
select m.album_id, m.role, u.id, u.email, u.name, u.avatar_color, u.profile_image_path, u.profile_changed_at
  from album_user m join user_account u on u.id = m.user_id
 where m.album_id = any(:album_ids::uuid[])
 order by m.album_id, m.role <> 'owner', u.name, u.id

-- Returns what was not in the album before.
-- name: album_assets_add :many
insert into album_asset (album_id, asset_id, added_by)
select :album_id, id, :user_id from unnest(:asset_ids::uuid[]) id
    on conflict do nothing
returning asset_id

-- name: album_touch :exec
update album set updated_at = clock_timestamp() where id = :id
