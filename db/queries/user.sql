-- name: user_any_admin :one
select exists (select from user_account where is_admin) as "any_admin!"

-- name: user_create :one
insert into user_account (email, name, password_hash, is_admin)
values (:email, :name, :password_hash, :is_admin)
returning id

-- Deleted users cannot log in.
-- name: user_by_email :maybe_one
select id, password_hash from user_account where lower(email) = :email and deleted_at is null

-- name: user_by_id :maybe_one
select id, email, name, is_admin, should_change_password, status, storage_label, profile_image_path,
       profile_changed_at, cluster_group_id, quota_size_bytes, quota_usage_bytes, password_hash is not null as "has_password!",
       pin_hash is not null as "has_pin!", created_at, updated_at, deleted_at
  from user_account where id = :id

-- name: users_by_ids :many
select id, email, name, profile_image_path, profile_changed_at from user_account where id = any(:ids::uuid[]) order by name, id
