-- name: instance_get :one
select id, epoch from instance
