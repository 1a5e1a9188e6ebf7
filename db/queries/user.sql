-- name: user_any_admin :one
select exists (select from user_account where is_admin) as "any_admin!"

-- name: user_create :one
insert into user_account (email, name, password_hash, is_admin, pin_hash, should_change_password, avatar_color,
                          quota_size_bytes, storage_label)
values (:email, :name, :password_hash, :is_admin, :pin_hash?, :should_change_password, :avatar_color?,
        :quota_size_bytes?, :storage_label?)
returning id

-- Deleted users cannot log in.
-- name: user_by_email :maybe_one
select id, password_hash from user_account where lower(email) = :email and deleted_at is null

-- name: user_by_id :maybe_one
select id, email, name, is_admin, should_change_password, status, storage_label, profile_image_path,
       profile_changed_at, cluster_group_id, quota_size_bytes, quota_usage_bytes, password_hash is not null as "has_password!",
       pin_hash is not null as "has_pin!", avatar_color, created_at, updated_at, deleted_at
  from user_account where id = :id

-- For administrators; the columns of user_by_id.
-- name: user_search :many
select id, email, name, is_admin, should_change_password, status, storage_label, profile_image_path,
       profile_changed_at, cluster_group_id, quota_size_bytes, quota_usage_bytes, password_hash is not null as "has_password!",
       pin_hash is not null as "has_pin!", avatar_color, created_at, updated_at, deleted_at
  from user_account
 where (:id?::uuid is null or id = :id?) and (deleted_at is null or :with_deleted::bool)
 order by created_at, id

-- Whom every user of the instance sees.
-- name: user_list :many
select id, email, name, avatar_color, profile_image_path, profile_changed_at
  from user_account
 where deleted_at is null and (:id?::uuid is null or id = :id?)
 order by name, id

-- name: user_secrets :maybe_one
select email, password_hash, pin_hash from user_account where id = :id and deleted_at is null

-- What is NULL stays as it is, unless it is to be cleared.
-- name: user_update :exec_rows
update user_account
   set email = coalesce(:email?, email), name = coalesce(:name?, name),
       password_hash = coalesce(:password_hash?, password_hash),
       should_change_password = coalesce(:should_change_password?, should_change_password),
       is_admin = coalesce(:is_admin?, is_admin),
       pin_hash = case when :clear_pin::bool then null else coalesce(:pin_hash?, pin_hash) end,
       avatar_color = case when :clear_avatar_color::bool then null else coalesce(:avatar_color?, avatar_color) end,
       quota_size_bytes = case when :clear_quota::bool then null else coalesce(:quota_size_bytes?, quota_size_bytes) end,
       storage_label = case when :clear_storage_label::bool then null else coalesce(:storage_label?, storage_label) end
 where id = :id

-- Locked until the end of the transaction, so that two changes at once cannot take the right from the last two.
-- name: user_admins_lock :many
select id from user_account where is_admin and deleted_at is null order by id for update

-- Restorable; their sessions end for good.
-- name: user_soft_delete :exec_rows
with ended as (delete from session where user_id = :id)
update user_account
   set status = case status when 'removing' then status else 'deleted' end, deleted_at = coalesce(deleted_at, clock_timestamp())
 where id = :id

-- One whose data is being removed already cannot come back.
-- name: user_restore :exec_rows
update user_account set status = 'active', deleted_at = null where id = :id and status <> 'removing'

-- name: users_by_ids :many
select id, email, name, profile_image_path, profile_changed_at from user_account
 where id = any(:ids::uuid[]) and deleted_at is null order by name, id

-- Two first PINs at once: one wins.
-- name: user_set_first_pin :exec_rows
update user_account set pin_hash = :pin_hash where id = :id and pin_hash is null
