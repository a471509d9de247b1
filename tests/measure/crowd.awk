# Events as lines of JSON: everybody of a day, one after the other, each with a join, and all but
# every tenth with a leave: awk -v people=1000 -v now="$(date +%s)" -f crowd.awk
BEGIN {
    for (n = 0; n < people; n++) {
        came = now - 80000 + int(n * 70000 / people)
        line(n, "joined", "join_time", came)
        if (n % 10) line(n, "left", "leave_time", came + 600)
    }
}
function line(n, what, key, at) {
    printf "{\"event\":\"meeting.participant_%s\",\"event_ts\":%d000,\"payload\":{\"object\":{\"uuid\":\"m\",\"id\":\"1\",\"participant\":{\"user_id\":\"%d\",\"user_name\":\"Person %d\",\"%s\":\"%s\"}}}}\n", what, at, n, n, key, strftime("%Y-%m-%dT%H:%M:%SZ", at, 1)
}
