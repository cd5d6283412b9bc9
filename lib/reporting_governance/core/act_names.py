"""The names of acts: what programs and tools do beyond files.  The list of docs/evidence.md is made from this one."""

from __future__ import annotations

from collections.abc import Mapping

_COMPOSE = "up down restart build push stop start rm create kill"
_CONTAINERS = (
    "push|build|tag|rm|rmi|run|start|stop|restart|kill|create|load|import|buildx build|image build|image push|image rm"
    "|image prune|volume create|volume rm|network create|network rm|system prune|"
    + "|".join(f"compose {each}" for each in _COMPOSE.split())
)
_CLUSTER = (
    "apply|create|delete|patch|scale|set|label|annotate|expose|run|replace|autoscale|cordon|uncordon|drain|taint"
    "|rollout restart|rollout undo|rollout resume|rollout pause"
)
_SERVICES = "start|stop|restart|reload|enable|disable|mask|unmask|daemon-reload|try-restart"
_PACKAGES = "install|remove|purge|upgrade|update|dist-upgrade|full-upgrade|autoremove|uninstall|reinstall"
_MIGRATIONS = "db:migrate|db:seed|db:create|db:drop|db:reset|db:rollback|db:setup|db:schema:load"

#: by program, the words with which it does something
VERBS: Mapping[str, frozenset[str]] = {
    program: frozenset(words.split("|"))
    for programs, words in (
        ("git", "push|commit|tag|branch|clone|init|remote add|remote remove|remote set-url|worktree add"),
        ("gh", ("pr create|pr merge|pr close|pr edit|pr comment|pr review|pr ready|pr reopen|issue create|issue close"
               "|issue edit|issue comment|issue reopen|issue delete|issue transfer|issue pin|release create"
               "|release upload|release edit|release delete|repo create|repo fork|repo edit|repo delete|repo rename"
               "|repo archive|workflow run|workflow enable|workflow disable|run rerun|run cancel|label create"
               "|label edit|label delete|secret set|secret delete|variable set|variable delete|gist create|gist edit"
               "|gist delete")),
        ("glab", ("mr create|mr merge|mr close|mr update|mr note|mr approve|issue create|issue close|issue update"
                 "|issue note|release create|repo create|ci run|ci retry")),
        ("docker podman nerdctl", _CONTAINERS),
        ("docker-compose podman-compose", _COMPOSE.replace(" ", "|")),
        ("kubectl oc", _CLUSTER),
        ("helm", "install|upgrade|uninstall|delete|rollback|push"),
        ("terraform tofu", "apply|destroy|import"),
        ("pulumi", "up|destroy"),
        ("npm pnpm yarn bun", "publish|unpublish|deprecate|dist-tag add"),
        ("cargo", "publish|yank|install"),
        ("twine", "upload"),
        ("poetry uv flit hatch pdm", "publish|tool install"),
        ("gem", "push|install|uninstall"),
        ("mvn", "deploy"),
        ("fly flyctl", "deploy|scale|launch|secrets set|apps create|apps restart|apps destroy"),
        ("vercel", "deploy|promote|rollback"),
        ("netlify wrangler firebase serverless sls cap eb", "deploy|publish|rollback"),
        ("railway", "up|deploy"),
        ("heroku", "create|restart|config:set|ps:scale|ps:restart|releases:rollback|container:push|container:release"),
        ("systemctl", _SERVICES),
        ("launchctl", "load|unload|bootstrap|bootout|kickstart|start|stop"),
        ("supervisorctl pm2", "start|stop|restart|reload|delete|reread|update"),
        ("apt apt-get dnf yum zypper brew snap", _PACKAGES),
        ("apk", "add|del|upgrade"),
        ("pip pip3 pipx conda mamba", "install|uninstall|create|remove|update"),
        ("alembic", "upgrade|downgrade|stamp"),
        ("manage.py", "migrate|loaddata|createsuperuser|collectstatic|flush"),
        ("rails rake", _MIGRATIONS),
        ("prisma", "migrate deploy|migrate dev|migrate reset|db push|db seed"),
        ("knex", "migrate:latest|migrate:rollback|seed:run"),
        ("flyway liquibase", "migrate|update|rollback"),
        ("openclaw", "message send|cron add|cron rm|cron edit|cron enable|cron disable|cron run|agents add"),
        ("himalaya", "message send|message reply|message forward|message write|message delete|message move"),
        ("gog", "gmail send|calendar create|calendar update|calendar delete|drive upload|sheets update|sheets append"),
        ("imsg wacli", "send|send text|send file"),
        ("ufw", "allow|deny|delete|enable|disable"),
        ("certbot", "certonly|renew|run"),
    )
    for program in programs.split()
}  # fmt: skip
#: they do something whatever stands behind them
ALWAYS = frozenset(
    """ansible-playbook createdb dropdb createuser dropuser pg_restore pg_dump mysqldump kill pkill killall useradd
    usermod userdel groupadd passwd scp sftp mail mailx sendmail mutt msmtp swaks ffmpeg pandoc zip unzip wkhtmltopdf
    yt-dlp convert magick""".split()
)
#: on files: where one of them is more than scratch
ON_FILES = frozenset("rm rmdir mkdir mv cp ln chmod chown rsync".split())
WITH_STATEMENTS = frozenset("psql mysql mariadb sqlite3 clickhouse-client sqlcmd".split())
STATEMENTS = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "TRUNCATE", "MERGE", "VACUUM")
CLOUDS = frozenset("aws gcloud az doctl hcloud linode-cli oci".split())
CLOUD_WORDS = frozenset(
    """create delete update deploy put start stop restart run terminate reboot publish send invoke apply set add remove
    cp sync mv rm mb rb upload import attach detach enable disable modify scale promote rollback""".split()
)
#: programs that start scripts of a project, and what says of a script's name that it does something
SCRIPT_STARTERS = frozenset("make gmake just task rake invoke inv npm pnpm yarn bun composer".split())
SCRIPT_WORDS = frozenset(
    "deploy release publish migrate seed provision rollback restart backup restore upload sync send notify".split()
)
#: with them a command only says what it would do
ASKS_ONLY = frozenset("--dry-run --dryrun --help -h --version --check --noop --simulate --what-if --no-act".split())
WITH_VALUE = frozenset(
    """-C -c -n --namespace --context --kubeconfig -f --filename --file -R --repo -p --project --project-name --profile
    --region -H --host -i -l -o -P -F --prefix --cwd --kube-context -m --message -t --tag""".split()
)
#: words in the name of a server's tool
ACTING_WORDS = frozenset(
    """create update send post publish add delete remove merge close reopen comment reply submit upload put patch set
    move archive assign unassign schedule book cancel invite share approve transition rename insert upsert write append
    enable disable start stop restart deploy trigger push commit apply react forward draft complete edit fill""".split()
)
LOOKING_WORDS = frozenset(
    """get list search read fetch find query describe view show status check lookup count preview validate explain
    thinking""".split()
)
#: tools of a host by name, with the actions that do something
HOST_TOOLS: Mapping[str, frozenset[str]] = {
    "message": frozenset(
        "send reply broadcast poll react edit delete pin unpin thread-create thread-reply sticker upload-file".split()
    ),
    "cron": frozenset("add update remove run".split()),
    "sessions_send": frozenset({""}),
    "calendar": frozenset("create update delete".split()),
}
