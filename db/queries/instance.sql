-- is_new: nothing was stored yet, so the roots may be empty folders.
-- name: instance_get :one
select id, epoch, not exists (select from asset) and not exists (select from upload) as "is_new!" from instance
