-- A colour that a person chose for themselves (null: by hash of the id), and the wish that a device syncs anew.
alter table user_account add column avatar_color text check (avatar_color in
  ('primary', 'pink', 'red', 'yellow', 'blue', 'green', 'purple', 'orange', 'gray', 'amber'));
alter table session add column is_pending_sync_reset boolean not null default false;
