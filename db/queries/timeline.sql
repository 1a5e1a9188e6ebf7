-- Months with their counts. album_id: that album's assets, whoever owns them; else the owner's.
-- name: timeline_buckets :many
with picked as (
  select case when :by_created_at::bool then date_trunc('month', a.created_at at time zone 'UTC')::date else a.month end as month
    from asset a
   where case when :album_id?::uuid is null then a.owner_id = :owner_id
              else exists (select from album_asset l where l.album_id = :album_id? and l.asset_id = a.id) end
     and (a.deleted_at is not null) = :is_trashed
     and (:is_favorite?::bool is null or a.is_favorite = :is_favorite?)
     and case when :visibility?::text is null then a.visibility in ('archive', 'timeline') else a.visibility = :visibility? end)
select month as "month!", count(*) as "count!"
  from picked group by month
 order by case when :ascending::bool then month end asc, month desc

-- One month's assets. ratio: 1 as long as the size is unknown.
-- name: timeline_bucket :many
select a.id, a.owner_id,
       case when a.width is null or a.height is null then 1 else round(a.width::numeric / a.height, 3) end::float8 as "ratio!",
       a.is_favorite, a.visibility, a.deleted_at is not null as "is_trashed!", a.type = 'IMAGE' as "is_image!", a.thumbhash,
       a.created_at, a.file_created_at,
       (extract(epoch from a.local_date_time - (a.file_created_at at time zone 'UTC')) / 3600)::float8 as "local_offset_hours!",
       a.duration_ms, e.projection_type, a.live_photo_video_id, e.city, e.country, e.latitude, e.longitude
  from asset a left join asset_exif e on e.asset_id = a.id
 where case when :album_id?::uuid is null then a.owner_id = :owner_id
            else exists (select from album_asset l where l.album_id = :album_id? and l.asset_id = a.id) end
   and case when :by_created_at::bool
            then a.created_at >= :month::date::timestamp at time zone 'UTC'
             and a.created_at < (:month::date + interval '1 month') at time zone 'UTC'
            else a.month = :month::date end
   and (a.deleted_at is not null) = :is_trashed
   and (:is_favorite?::bool is null or a.is_favorite = :is_favorite?)
   and case when :visibility?::text is null then a.visibility in ('archive', 'timeline') else a.visibility = :visibility? end
 order by case when :ascending::bool then case when :by_created_at then a.created_at at time zone 'UTC' else a.local_date_time end end asc,
          case when :ascending then a.id end asc,
          case when :by_created_at then a.created_at at time zone 'UTC' else a.local_date_time end desc, a.id desc
