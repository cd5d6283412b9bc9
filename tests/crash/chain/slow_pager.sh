# A pager that says that it began, and goes on when it is told to, or after a while.
line=$(cat)
: > "began.$$"
tries=0
while [ ! -e go-on ] && [ "$tries" -lt 300 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
printf '%s\n' "$line" >> pager.log
set -f
IFS='"' # a pattern over so long a line would take most of a test's time
set -- $line
until [ "$1" = spool_id ]; do shift; done
printf '{"proof":"stored","id":"%s"}' "$3"
