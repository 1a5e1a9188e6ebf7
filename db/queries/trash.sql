-- The trash: assets with deleted_at. The video of a live photo goes and comes with its still; counts are of what a
-- person sees, so they leave such videos out.

-- name: trash_move :one
with moved as (
  update asset set deleted_at = clock_timestamp()
   where owner_id = :owner_id and deleted_at is null
     and (id = any(:ids::uuid[]) or id in (select live_photo_video_id from asset where id = any(:ids::uuid[])))
  returning visibility)
select count(*) filter (where visibility <> 'hidden') as "count!" from moved

-- name: trash_restore :one
with restored as (
  update asset set deleted_at = null
   where owner_id = :owner_id and deleted_at is not null
     and (id = any(:ids::uuid[]) or id in (select live_photo_video_id from asset where id = any(:ids::uuid[])))
  returning visibility)
select count(*) filter (where visibility <> 'hidden') as "count!" from restored

-- All but locked ones, which only an unlocked session sees.
-- name: trash_restore_all :one
with restored as (
  update asset set deleted_at = null
   where owner_id = :owner_id and deleted_at is not null and (visibility <> 'locked' or :elevated::bool)
  returning visibility)
select count(*) filter (where visibility <> 'hidden') as "count!" from restored

-- The next ones to delete for good when a person empties the trash.
-- name: trash_page :one
select coalesce(array_agg(id), '{}') as "ids!"
  from (select id from asset
         where owner_id = :owner_id and deleted_at is not null and (visibility <> 'locked' or :elevated::bool)
         order by deleted_at limit :page_size) page

-- Somebody's assets that have been in the trash too long.
-- name: trash_expired :maybe_one
select owner_id, array_agg(id) as "ids!"
  from (select owner_id, id from asset
         where deleted_at < clock_timestamp() - :days::int * interval '1 day' order by deleted_at limit :page_size) page
 group by owner_id limit 1

-- For good. The row goes, its files get an expired upload row, by which the collector knows that it may remove them:
-- the one way in which a file of ours is ever unlinked. All in one statement, so nothing is lost between.
-- name: trash_delete :one
with gone as (
  delete from asset a
   where a.owner_id = :owner_id
     and (a.id = any(:ids::uuid[])
          or a.id in (select s.live_photo_video_id from asset s where s.id = any(:ids::uuid[]))
             and not exists (select from asset o where o.live_photo_video_id = a.id and o.id <> all(:ids::uuid[])))
  returning a.id, a.owner_id, a.original_path, a.file_size_bytes, a.visibility),
files as (
  insert into upload (id, owner_id, path, expires_at)
  select id, owner_id, substring(original_path from '^upload/[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f-]{36}'),
         clock_timestamp()
    from gone),
usage as (
  update user_account u
     set quota_usage_bytes = greatest(0, u.quota_usage_bytes - (select sum(file_size_bytes) from gone))
   where u.id = :owner_id and exists (select from gone))
select count(*) filter (where visibility <> 'hidden') as "count!" from gone
