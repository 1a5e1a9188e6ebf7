-- Committed before the first byte: whatever happens, somebody knows of the files that begin with this path. No row: they
-- cannot fit beside what is stored and what is on its way. Only young reservations count, so that an upload that a crash
-- ended stands in nobody's way; what really fits is decided by user_add_usage.
-- name: upload_create :maybe_one
insert into upload (id, owner_id, path, reserved_bytes, expires_at)
select :id, u.id, :path, :reserved_bytes, clock_timestamp() + interval '24 hours'
  from user_account u
 where u.id = :owner_id
   and (u.quota_size_bytes is null
        or u.quota_usage_bytes + :reserved_bytes
           + (select coalesce(sum(o.reserved_bytes), 0) from upload o
               where o.owner_id = u.id and o.created_at > clock_timestamp() - interval '15 minutes')
           <= u.quota_size_bytes)
returning (select o.quota_size_bytes - o.quota_usage_bytes from user_account o where o.id = owner_id) as quota_left_bytes

-- name: upload_delete :exec_rows
delete from upload where id = :id

-- In the transaction of its asset: a hundred uploads at once wait for each other here. No row: it does not fit.
-- name: user_add_usage :exec_rows
update user_account set quota_usage_bytes = quota_usage_bytes + :bytes
 where id = :id and (quota_size_bytes is null or quota_usage_bytes + :bytes <= quota_size_bytes)
