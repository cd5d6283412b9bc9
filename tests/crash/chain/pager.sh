# A pager: appends its input as one line to pager.log, and says that it stored it, by the item's id.
line=$(cat)
printf '%s\n' "$line" >> pager.log
rest=${line#*\"spool_id\":\"}
printf '{"proof":"stored","id":"%s"}' "${rest%%\"*}"
