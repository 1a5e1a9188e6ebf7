-- Asked for twice: one waiting row is enough, a running one runs again. Either is locked until this transaction ends,
-- so that the job cannot begin before the change that it is about is committed.
-- name: job_create :exec
with created as (
  insert into job (kind, queue, subject_id, dedupe_key, max_attempts)
  values (:kind, :queue, :subject_id?::uuid, coalesce(:subject_id?::uuid::text, ''), :max_attempts)
      on conflict (kind, dedupe_key) where state in ('waiting', 'active')
      do update set again = true where job.state = 'active'
  returning state)
select pg_notify('job', '') from created where state = 'waiting'

-- The relay's: due rows that this Redis store (epoch) has not been told of, unless their queue is paused.
-- name: jobs_to_publish :many
with marked as (
  update job set published = :epoch
   where id in (select j.id from job j
                 where j.state = 'waiting' and j.run_after <= clock_timestamp() and j.published is distinct from :epoch
                   and not exists (select from job_queue q where q.name = j.queue and q.is_paused)
                 order by j.id limit 500 for update skip locked)
  returning id, queue)
select id as "id!", queue as "queue!" from marked order by id

-- How long until there is something to publish; NULL: nothing is foreseen.
-- name: job_next_due :one
select (extract(epoch from min(j.run_after) - clock_timestamp()) * 1000)::int8 as due_in_ms
  from job j
 where j.state = 'waiting' and j.published is distinct from :epoch
   and not exists (select from job_queue q where q.name = j.queue and q.is_paused)

-- A row to run now: its attempt counts from here, so that one that kills its worker is not tried for ever.
-- name: job_claim :maybe_one
update job
   set state = 'active', attempts = attempts + 1, again = false, locked_by = :worker,
       locked_until = clock_timestamp() + :lease_ms * interval '1 millisecond', updated_at = clock_timestamp()
 where id = :id and state = 'waiting' and run_after <= clock_timestamp()
   and not exists (select from job_queue q where q.name = job.queue and q.is_paused)
returning kind, subject_id, attempts, max_attempts

-- An entry of the stream led to a row that must not run yet (its queue was paused): published again when it may.
-- name: job_unpublish :exec
update job set published = null where id = :id and state = 'waiting' and published is not null

-- The worker lives and these still run. One that was taken away meanwhile stays with its new worker.
-- name: jobs_keep :exec
update job set locked_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
 where id = any(:ids::bigint[]) and state = 'active' and locked_by = :worker

-- Nothing done (0): it was taken away, or is to run again.
-- name: job_complete :exec_rows
with done as (delete from job where id = :id and state = 'active' and locked_by = :worker and not again returning queue)
insert into job_queue (name, completed_count) select queue, 1 from done
    on conflict (name) do update set completed_count = job_queue.completed_count + 1

-- name: job_renew :exec
with renewed as (
  update job
     set state = 'waiting', again = false, attempts = 0, error = null, published = null, locked_by = null,
         locked_until = null, run_after = clock_timestamp(), updated_at = clock_timestamp()
   where id = :id and state = 'active' and locked_by = :worker and again
  returning queue),
counted as (
  insert into job_queue (name, completed_count) select queue, 1 from renewed
      on conflict (name) do update set completed_count = job_queue.completed_count + 1)
select pg_notify('job', '') from renewed

-- Again later. refund 1: the attempt does not count, for it failed through no fault of the job.
-- name: job_retry :exec
update job
   set state = 'waiting', again = false, attempts = attempts - :refund::int, published = null, error = left(:error, 2000),
       locked_by = null, locked_until = null, run_after = clock_timestamp() + :delay_ms * interval '1 millisecond',
       updated_at = clock_timestamp()
 where id = :id and state = 'active' and locked_by = :worker

-- A dead letter: kept with its error until it is cleared or tried again. Asked for meanwhile: one more chance.
-- name: job_fail :exec
update job
   set state = case when again then 'waiting' else 'failed' end, attempts = case when again then 0 else attempts end,
       again = false, published = null, error = left(:error, 2000), locked_by = null, locked_until = null,
       run_after = clock_timestamp(), updated_at = clock_timestamp()
 where id = :id and state = 'active' and locked_by = :worker

-- Jobs whose worker died: waiting again, even after their last attempt: a consumer finds that out and gives up properly.
-- name: jobs_recover :exec_rows
update job
   set state = 'waiting', again = false, error = 'The worker ended while it ran this job.', published = null,
       locked_by = null, locked_until = null, run_after = clock_timestamp() + least(attempts, 10) * interval '1 second',
       updated_at = clock_timestamp()
 where state = 'active' and locked_until < clock_timestamp()

-- A worker that ends gives back what it did not finish.
-- name: jobs_give_back :exec_rows
update job
   set state = 'waiting', again = false, attempts = attempts - 1, published = null, locked_by = null, locked_until = null,
       updated_at = clock_timestamp()
 where state = 'active' and locked_by = :worker

-- A periodic job's next row, unless one waits or runs already.
-- name: job_schedule :exec
insert into job (kind, queue, dedupe_key, max_attempts, run_after)
values (:kind, :queue, '', :max_attempts, clock_timestamp() + :delay_ms * interval '1 millisecond')
    on conflict (kind, dedupe_key) where state in ('waiting', 'active') do nothing
