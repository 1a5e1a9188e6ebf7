-- The one gate: the positions (from 1) of the ids that this user may use so. The permission's first half names what the
-- ids are, the second half what is done: reading and using is wider than changing. Owners see all that is theirs, locked
-- assets only from an unlocked session; members of an album see its assets, neither trashed nor locked ones.
-- name: access_check :many
select t.position as "position!"
  from unnest(:ids::uuid[]) with ordinality as t (id, position)
 where case
       when :permission::text in ('asset.read', 'asset.view', 'asset.download', 'asset.statistics') then
         exists (select from asset a
                  where a.id = t.id
                    and (a.owner_id = :user_id and (a.visibility <> 'locked' or :elevated::bool)
                         or a.deleted_at is null and a.visibility <> 'locked' and exists
                            (select from album_asset l join album_user m on m.album_id = l.album_id
                                                       join album b on b.id = l.album_id
                              where l.asset_id = a.id and m.user_id = :user_id and b.deleted_at is null)))
       when :permission::text like 'asset.%' then
         exists (select from asset a
                  where a.id = t.id and a.owner_id = :user_id and (a.visibility <> 'locked' or :elevated::bool))
       when :permission::text in ('album.read', 'album.statistics', 'album.download') then
         exists (select from album_user m join album b on b.id = m.album_id
                  where m.album_id = t.id and m.user_id = :user_id and b.deleted_at is null)
       when :permission::text in ('albumAsset.create', 'albumAsset.delete', 'album.update') then
         exists (select from album_user m join album b on b.id = m.album_id
                  where m.album_id = t.id and m.user_id = :user_id and m.role in ('owner', 'editor') and b.deleted_at is null)
       when :permission::text like 'album%' then
         exists (select from album_user m join album b on b.id = m.album_id
                  where m.album_id = t.id and m.user_id = :user_id and m.role = 'owner' and b.deleted_at is null)
       when :permission::text like 'session.%' then
         exists (select from session s where s.id = t.id and s.user_id = :user_id)
       else false
       end
 order by t.position
