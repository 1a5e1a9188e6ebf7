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

-- Those that are still good, the newest first; id: just this one.
-- name: session_list :many
select id, device_os, device_type, app_version, created_at, updated_at, expires_at, is_pending_sync_reset
  from session
 where user_id = :user_id
   and (:id?::uuid is null or id = :id?)
   and (expires_at is null or expires_at > clock_timestamp())
   and updated_at > clock_timestamp() - interval '90 days'
 order by updated_at desc, id

-- A session that somebody hands to a device ends with its maker's at the latest.
-- name: session_create_for_device :one
insert into session (token_hash, user_id, device_os, device_type, expires_at)
values (:token_hash, :user_id, :device_os, :device_type,
        least(clock_timestamp() + :duration_s?::int8 * interval '1 second',
              (select expires_at from session where id = :maker_id?)))
returning id

-- name: session_delete_others :exec_rows
delete from session where user_id = :user_id and (:keep_id?::uuid is null or id <> :keep_id?)

-- name: session_set_sync_reset :exec
update session set is_pending_sync_reset = :is_pending where id = :id

-- name: session_unlock :exec
update session set pin_expires_at = clock_timestamp() + :minutes::int * interval '1 minute' where id = :id

-- Only ever later, and only while it is unlocked.
-- name: session_unlock_longer :exec
update session set pin_expires_at = greatest(pin_expires_at, clock_timestamp() + :minutes::int * interval '1 minute')
 where id = :id and pin_expires_at > clock_timestamp()

-- name: session_lock :exec
update session set pin_expires_at = null where id = :id

-- name: session_lock_all :exec
update session set pin_expires_at = null where user_id = :user_id and pin_expires_at is not null
