-- Committed before the first byte: whatever happens, somebody knows of the files that begin with this path.
-- name: upload_create :exec
insert into upload (id, owner_id, path, expires_at)
values (:id, :owner_id, :path, clock_timestamp() + interval '24 hours')

-- name: upload_delete :exec_rows
delete from upload where id = :id

-- name: user_add_usage :exec
update user_account set quota_usage_bytes = quota_usage_bytes + :bytes where id = :id
