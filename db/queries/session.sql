-- name: session_create :one
insert into session (token_hash, user_id, device_os, device_type, app_version)
values (:token_hash, :user_id, :device_os, :device_type, :app_version?)
returning id

-- Ends after 90 days without use, at its own end, and with its user.
-- name: session_by_token_hash :maybe_one
select s.id, s.user_id, s.updated_at, s.expires_at, s.pin_expires_at, u.is_admin
  from session s join user_account u on u.id = s.user_id
 where s.token_hash = :token_hash
   and u.deleted_at is null
   and (s.expires_at is null or s.expires_at > clock_timestamp())
   and s.updated_at > clock_timestamp() - interval '90 days'

-- name: session_touch :exec
update session set updated_at = clock_timestamp() where id = :id

-- name: session_by_id :maybe_one
select id, expires_at, pin_expires_at from session where id = :id

-- name: session_delete :exec_rows
delete from session where id = :id and user_id = :user_id
