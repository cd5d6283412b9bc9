# A pager: appends its input as one line to pager.log, and says that it stored it, by the item's id.
line=$(cat)
printf '%s\n' "$line" >> pager.log
set -f
IFS='"' # a pattern over so long a line would take most of a test's time
set -- $line
until [ "$1" = spool_id ]; do shift; done
printf '{"proof":"stored","id":"%s"}' "$3"
