-- The picture doc/pictures/panel.svg, of the table that load.sql makes.
SELECT hp_report('runs', 'val_loss', format => 'svg');
