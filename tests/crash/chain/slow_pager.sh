# A pager that says that it began, and goes on when it is told to, or after a while.
line=$(cat)
: > "began.$$"
tries=0
while [ ! -e go-on ] && [ "$tries" -lt 300 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
printf '%s\n' "$line" >> pager.log
rest=${line#*\"spool_id\":\"}
printf '{"proof":"stored","id":"%s"}' "${rest%%\"*}"
