-- Finds what is in the trash without reading a library: its owner's view of it, and what has been there too long.
create index asset_trash on asset (owner_id, deleted_at) where deleted_at is not null;
create index asset_trash_age on asset (deleted_at) where deleted_at is not null;
