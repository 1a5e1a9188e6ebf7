-- What people change of their assets. Who may was asked before.

-- name: asset_update_flags :exec
update asset set is_favorite = coalesce(:is_favorite?::bool, is_favorite), visibility = coalesce(:visibility?::text, visibility)
 where id = any(:ids::uuid[])

-- A locked asset is in no album.
-- name: asset_leave_albums :exec
delete from album_asset where asset_id = any(:ids::uuid[])

-- edited names what is set: a rating may be set to none. A new place has no names yet.
-- name: asset_update_exif :exec
insert into asset_exif (asset_id, description, rating, latitude, longitude, edited)
select a.id, coalesce(:description?::text, ''), :rating?::int, :latitude?::float8, :longitude?::float8, :edited::text[]
  from asset a where a.id = any(:ids::uuid[])
    on conflict (asset_id) do update
   set description = case when 'description' = any(excluded.edited) then excluded.description else asset_exif.description end,
       rating = case when 'rating' = any(excluded.edited) then excluded.rating else asset_exif.rating end,
       latitude = case when 'place' = any(excluded.edited) then excluded.latitude else asset_exif.latitude end,
       longitude = case when 'place' = any(excluded.edited) then excluded.longitude else asset_exif.longitude end,
       city = case when 'place' = any(excluded.edited) then null else asset_exif.city end,
       state = case when 'place' = any(excluded.edited) then null else asset_exif.state end,
       country = case when 'place' = any(excluded.edited) then null else asset_exif.country end,
       edited = array(select distinct field from unnest(asset_exif.edited || excluded.edited) field order by field)

-- An instant; its offset makes the wall time. Without one the asset keeps the offset that it has.
-- name: asset_update_date :exec
update asset
   set file_created_at = :taken,
       local_date_time = (:taken at time zone 'UTC')
                         + coalesce(:offset_minutes?::int * interval '1 minute', local_date_time - (file_created_at at time zone 'UTC')),
       time_zone = coalesce(:time_zone?::text, time_zone)
 where id = any(:ids::uuid[])

-- name: asset_update_date_relative :exec
update asset
   set file_created_at = file_created_at + :minutes::int * interval '1 minute',
       local_date_time = local_date_time + :minutes::int * interval '1 minute'
 where id = any(:ids::uuid[])

-- The instant stays, the wall time is that of the zone.
-- name: asset_update_zone :exec
update asset set local_date_time = file_created_at at time zone :time_zone::text, time_zone = :time_zone::text
 where id = any(:ids::uuid[])

-- name: asset_zone_exists :one
select exists (select from pg_timezone_names where name = :time_zone::text) as "is_known!"

-- After the dates of assets: EXIF's view of them.
-- name: asset_update_exif_date :exec
update asset_exif e set date_time_original = a.file_created_at, time_zone = coalesce(a.time_zone, e.time_zone)
  from asset a where a.id = e.asset_id and a.id = any(:ids::uuid[])

-- Unset: its video is an asset of its own again.
-- name: asset_set_live_video :exec
update asset set live_photo_video_id = :live_photo_video_id? where id = :id

-- name: asset_show_live_video :exec
update asset set visibility = 'timeline'
 where visibility = 'hidden' and id = (select live_photo_video_id from asset where id = :id)
