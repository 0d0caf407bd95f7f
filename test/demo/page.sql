-- The page of which parts are doc/pictures/*.png, of the same table.
SELECT hp_report('runs', 'val_loss', format => 'html');
