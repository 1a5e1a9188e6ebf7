-- A job of this kind that already waits for this subject is enough.
-- name: job_create :exec
with created as (
  insert into job (kind, queue, subject_id, dedupe_key, max_attempts)
  values (:kind, :queue, :subject_id?::uuid, coalesce(:subject_id?::uuid::text, ''), :max_attempts)
      on conflict (kind, dedupe_key) where state in ('waiting', 'active') do nothing
  returning 1)
select pg_notify('job', '') from created

-- The relay's: due rows that this Redis store (epoch) has not been told of, unless their queue is paused.
-- name: jobs_to_publish :many
update job set published = :epoch
 where id in (select j.id from job j
               where j.state = 'waiting' and j.run_after <= clock_timestamp() and j.published is distinct from :epoch
                 and not exists (select from job_queue q where q.name = j.queue and q.is_paused)
               order by j.id limit 500 for update skip locked)
returning id, queue

-- How long until the next waiting row is due; NULL without one.
-- name: job_next_due :one
select (extract(epoch from min(run_after) - clock_timestamp()) * 1000)::int8 as due_in_ms from job where state = 'waiting'

-- A row to run now: its attempt counts from here, so that one that kills its worker is not tried for ever.
-- name: job_claim :maybe_one
update job
   set state = 'active', attempts = attempts + 1, locked_by = :worker,
       locked_until = clock_timestamp() + :lease_ms * interval '1 millisecond', updated_at = clock_timestamp()
 where id = :id and state = 'waiting' and run_after <= clock_timestamp()
returning kind, subject_id, attempts, max_attempts

-- In the transaction of the handler's own changes where it has one.
-- name: job_complete :exec
with done as (delete from job where id = :id and state = 'active' and locked_by = :worker returning queue)
insert into job_queue (name, completed_count) select queue, 1 from done
    on conflict (name) do update set completed_count = job_queue.completed_count + 1

-- Again later.
-- name: job_retry :exec
update job
   set state = 'waiting', published = null, error = left(:error, 2000), locked_by = null, locked_until = null,
       run_after = clock_timestamp() + :delay_ms * interval '1 millisecond', updated_at = clock_timestamp()
 where id = :id and state = 'active' and locked_by = :worker

-- A dead letter: kept with its error until it is cleared or tried again.
-- name: job_fail :exec
update job
   set state = 'failed', error = left(:error, 2000), locked_by = null, locked_until = null, updated_at = clock_timestamp()
 where id = :id and state = 'active' and locked_by = :worker

-- Jobs whose worker died: waiting again, or dead letters when that was their last attempt.
-- name: jobs_recover :exec_rows
update job
   set state = case when attempts < max_attempts then 'waiting' else 'failed' end,
       error = coalesce(error, 'The worker ended while it ran this job.'), published = null, locked_by = null, locked_until = null,
       run_after = clock_timestamp() + least(attempts, 10) * interval '1 second', updated_at = clock_timestamp()
 where state = 'active' and locked_until < clock_timestamp()

-- A periodic job's next row, unless one waits or runs already.
-- name: job_schedule :exec
insert into job (kind, queue, dedupe_key, max_attempts, run_after)
values (:kind, :queue, '', :max_attempts, clock_timestamp() + :delay_ms * interval '1 millisecond')
    on conflict (kind, dedupe_key) where state in ('waiting', 'active') do nothing
