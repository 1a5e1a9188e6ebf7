-- Recounts what the users' usage says, one user at a time.
-- name: usage_users :many
select id from user_account order by id

-- Whoever stores or deletes changes this row too, and waits: what is counted next is whole.
-- name: usage_hold :maybe_one
select quota_usage_bytes from user_account where id = :id for no key update

-- name: usage_count :one
select coalesce(sum(file_size_bytes), 0)::bigint as "bytes!" from asset where owner_id = :owner_id and library_id is null

-- name: usage_set :exec
update user_account set quota_usage_bytes = :bytes where id = :id
