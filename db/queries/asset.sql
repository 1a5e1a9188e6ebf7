-- name: asset_by_owner_checksum :maybe_one
select id from asset where owner_id = :owner_id and checksum = :checksum and library_id is null

-- The bulk check: which of these SHA-1 this owner holds, trashed ones included.
-- name: assets_by_checksums :many
select id, checksum, deleted_at is not null as "is_trashed!"
  from asset where owner_id = :owner_id and checksum = any(:checksums::bytea[]) and library_id is null

-- Wall time is the instant in the instance's zone until EXIF says better.
-- name: asset_create :exec
insert into asset (id, owner_id, type, visibility, original_file_name, original_path, original_mime_type, sidecar_path,
                   checksum, blake2b, file_size_bytes, file_created_at, file_modified_at, local_date_time,
                   duration_ms, is_favorite, live_photo_video_id, metadata_state, derivative_state)
values (:id, :owner_id, :type, :visibility, :original_file_name, :original_path, :original_mime_type, :sidecar_path?,
        :checksum, :blake2b, :file_size_bytes, :file_created_at, :file_modified_at,
        :file_created_at at time zone :instance_zone, :duration_ms?, :is_favorite, :live_photo_video_id?,
        :metadata_state, :derivative_state)

-- name: asset_metadata_from_upload :exec
insert into asset_metadata (asset_id, key, value)
select :asset_id, item ->> 'key', item -> 'value' from jsonb_array_elements(:items::jsonb) item
    on conflict (asset_id, key) do update set value = excluded.value

-- The video of a live photo is hidden behind its still.
-- name: asset_hide_live_video :exec_rows
update asset set visibility = 'hidden' where id = :id and owner_id = :owner_id and type = 'VIDEO'

-- name: asset_get :maybe_one
select a.id, a.owner_id, a.type, a.visibility, a.original_file_name, a.original_path, a.original_mime_type, a.checksum,
       a.file_size_bytes, a.file_created_at, a.file_modified_at, a.local_date_time, a.time_zone, a.duration_ms, a.width,
       a.height, a.thumbhash, a.is_favorite, a.is_offline, a.library_id, a.live_photo_video_id, a.stack_id,
       a.metadata_state, a.derivative_state, a.error, a.created_at, a.updated_at, a.deleted_at,
       e.asset_id is not null as "has_exif!", e.make, e.model, e.lens_model, e.f_number, e.focal_length, e.iso,
       e.exposure_time, e.latitude, e.longitude, e.city, e.state, e.country, e.description as "description?", e.rating,
       e.orientation, e.date_time_original, e.modify_date, e.time_zone as exif_time_zone, e.image_width, e.image_height,
       e.projection_type
  from asset a left join asset_exif e on e.asset_id = a.id
 where a.id = :id

-- name: asset_original :maybe_one
select original_path, original_file_name, original_mime_type, checksum, file_size_bytes, file_modified_at
  from asset where id = :id

-- name: asset_file_get :maybe_one
select f.path, f.mime_type, f.size_bytes, f.created_at, a.original_file_name
  from asset_file f join asset a on a.id = f.asset_id
 where f.asset_id = :asset_id and f.kind = :kind

-- name: asset_statistics :one
select count(*) filter (where type = 'IMAGE') as "images!", count(*) filter (where type = 'VIDEO') as "videos!",
       count(*) as "total!"
  from asset
 where owner_id = :owner_id
   and (deleted_at is not null) = :is_trashed
   and (:is_favorite?::bool is null or is_favorite = :is_favorite?)
   and case when :visibility?::text is null then visibility in ('archive', 'timeline') else visibility = :visibility? end
