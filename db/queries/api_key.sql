-- name: api_key_create :one
insert into api_key (user_id, name, key_hash, permissions) values (:user_id, :name, :key_hash, :permissions) returning id

-- name: api_key_by_hash :maybe_one
select k.id, k.user_id, k.permissions, u.is_admin
  from api_key k join user_account u on u.id = k.user_id
 where k.key_hash = :key_hash and u.deleted_at is null

-- name: api_keys_by_user :many
select id, name, permissions, created_at, updated_at from api_key where user_id = :user_id order by created_at desc, id

-- name: api_key_get :maybe_one
select id, name, permissions, created_at, updated_at from api_key where id = :id and user_id = :user_id

-- What is NULL stays as it is.
-- name: api_key_update :exec_rows
update api_key
   set name = coalesce(:name?, name), permissions = coalesce(:permissions?, permissions), updated_at = clock_timestamp()
 where id = :id and user_id = :user_id

-- name: api_key_delete :exec_rows
delete from api_key where id = :id and user_id = :user_id

-- name: api_key_rotate :exec_rows
update api_key set key_hash = :key_hash, updated_at = clock_timestamp() where id = :id and user_id = :user_id
