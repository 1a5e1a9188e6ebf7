-- What the jobs ask of an asset; NULL row: it was deleted meanwhile.
-- name: job_asset_get :maybe_one
select owner_id, original_path, metadata_state, derivative_state from asset where id = :id

-- EXIF's wall time wins over the upload's date, and a person's over both. Its zone: EXIF's offset, else the instance's.
-- name: job_asset_set_metadata :exec
update asset
   set metadata_state = 'done', error = null,
       width = :width?, height = :height?,
       file_created_at = case when :taken_local?::timestamp is null or p.has_date then file_created_at
                              when :offset_minutes?::int is not null
                              then (:taken_local?::timestamp - :offset_minutes?::int * interval '1 minute') at time zone 'UTC'
                              else :taken_local?::timestamp at time zone :instance_zone::text end,
       local_date_time = case when p.has_date then local_date_time
                              else coalesce(:taken_local?::timestamp, file_created_at at time zone :instance_zone::text) end,
       time_zone = case when p.has_date then time_zone else :time_zone? end
  from (select exists (select from asset_exif e where e.asset_id = :id and 'date' = any(e.edited)) as has_date) p
 where id = :id

-- name: job_asset_exif :exec
insert into asset_exif (asset_id, make, model, lens_model, f_number, focal_length, iso, exposure_time, latitude, longitude,
                        altitude, description, rating, orientation, date_time_original, modify_date, time_zone,
                        image_width, image_height, projection_type)
select :asset_id, :make?, :model?, :lens_model?, :f_number?, :focal_length?, :iso?, left(:exposure_time?::text, 50), :latitude?, :longitude?,
       :altitude?, :description, :rating?, :orientation?,
       case when :has_taken::bool then a.file_created_at end,
       case when :offset_minutes?::int is not null
            then (:modified_local?::timestamp - :offset_minutes?::int * interval '1 minute') at time zone 'UTC'
            else :modified_local?::timestamp at time zone :instance_zone::text end,
       :time_zone?, :image_width?, :image_height?, left(:projection_type?::text, 50)
  from asset a where a.id = :asset_id
    on conflict (asset_id) do update
   set make = excluded.make, model = excluded.model, lens_model = excluded.lens_model, f_number = excluded.f_number,
       focal_length = excluded.focal_length, iso = excluded.iso, exposure_time = excluded.exposure_time,
       latitude = case when 'place' = any(asset_exif.edited) then asset_exif.latitude else excluded.latitude end,
       longitude = case when 'place' = any(asset_exif.edited) then asset_exif.longitude else excluded.longitude end,
       altitude = excluded.altitude,
       description = case when 'description' = any(asset_exif.edited) then asset_exif.description else excluded.description end,
       rating = case when 'rating' = any(asset_exif.edited) then asset_exif.rating else excluded.rating end,
       orientation = excluded.orientation,
       date_time_original = case when 'date' = any(asset_exif.edited) then asset_exif.date_time_original else excluded.date_time_original end,
       modify_date = excluded.modify_date,
       time_zone = case when 'date' = any(asset_exif.edited) then asset_exif.time_zone else excluded.time_zone end,
       image_width = excluded.image_width, image_height = excluded.image_height, projection_type = excluded.projection_type

-- Holds the asset until the transaction ends: its rows and files belong together. No row: it was deleted meanwhile.
-- name: job_asset_hold :maybe_one
select owner_id from asset where id = :id for no key update

-- name: job_asset_file :exec
insert into asset_file (asset_id, kind, path, mime_type, size_bytes, width, height)
values (:asset_id, :kind, :path, :mime_type, :size_bytes, :width, :height)
    on conflict (asset_id, kind) do update
   set path = excluded.path, mime_type = excluded.mime_type, size_bytes = excluded.size_bytes, width = excluded.width,
       height = excluded.height, created_at = clock_timestamp()

-- name: job_asset_set_derivatives :exec
update asset set derivative_state = 'done', thumbhash = :thumbhash, error = null where id = :id

-- The file is to blame: the sentence is for people, and there is no other try.
-- name: job_asset_fail_metadata :exec
update asset set metadata_state = 'failed', derivative_state = 'failed', error = left(:error, 1000) where id = :id

-- name: job_asset_fail_derivatives :exec
update asset set derivative_state = 'failed', error = left(:error, 1000) where id = :id

-- Fails where PostgreSQL does not know the zone.
-- name: job_zone_check :one
select clock_timestamp() at time zone :zone::text as "local_now!"
