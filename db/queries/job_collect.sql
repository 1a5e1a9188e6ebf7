-- Off in a restored database: its upload rows may name files whose assets came after the backup.
-- name: collect_is_allowed :one
select coalesce(verified = instance_incarnation(epoch), false) as "is_allowed!" from instance

-- One expired upload, locked; a finishing upload waits for it and then finds its row gone.
-- name: collect_lock_expired :maybe_one
select u.id, u.owner_id, u.path from upload u
 where u.expires_at < clock_timestamp() and not exists (select from asset a where a.id = u.id)
 order by u.expires_at limit 1 for update skip locked

-- Its files could not be removed: later, so that it does not stand before the others.
-- name: collect_postpone :exec
update upload set expires_at = clock_timestamp() + interval '1 hour' where id = :id

-- name: collect_quarantined :exec
insert into quarantine (path, root) values (:path, :root) on conflict (path) do nothing
