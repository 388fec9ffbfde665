# page: serves the page that the image brings, from a copy that may be written to: the image fills in its settings at its start.
# Plain sh; the image has nginx, and its own start script where docker-registry-ui has it.
set -eu
cp -R /usr/share/nginx/html/. /page/
cd /page
for script in /docker-entrypoint.d/*docker-registry-ui.sh; do
  # It also edits nginx's own files, which are not ours to write and not used
  [ ! -e "$script" ] || sh "$script" 2>/dev/null || true
done
exec nginx -e stderr -c /ui/nginx.conf -g 'daemon off;'
