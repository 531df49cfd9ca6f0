#compdef mcpd-client

_mcpd_client() {
  local -a commands=(
    'status:show projects, domains, what runs, what fails, what is degraded'
    'run:test, and wait for the verdicts'
    'sync:wait until every change made before is seen and its plan is finished'
    'results:show the verdicts that hold now'
    'history:show earlier runs of a unit'
    'log:print the output of a run'
    'watch:follow what happens: a live view on a terminal, lines on a pipe'
    'events:print the event stream as JSON Lines'
    'changes:show what changed since a tick of the clock'
    'queue:show what runs and what waits, in order'
    'domains:list the domains'
    'projects:list the projects, add one, remove one'
    'start:turn continuous testing on'
    'stop:turn continuous testing off, until `start`'
    'pause:start nothing at all until `resume`'
    'resume:go on after `pause`'
    'cancel:end a run'
    'config:check the configuration, or show every setting and where it comes from'
    'init:write a .mcpd.yaml for what lies in the project'
    'doctor:find what is missing on this machine, and how to mend it'
    'completion:print the completion script of a shell'
    'version:print the versions of the client and of the daemon'
    'help:explain a command'
  )
  local -a global=(
    '--project[which project; default\: the one of the current directory]:NAME|DIR:_files'
    '--socket[where the daemon listens]:PATH:_files'
    '--json[print the API'\''s answer as one JSON document]'
    '--jsonl[print one JSON document a line]'
    '--no-color[no colours (so does NO_COLOR)]'
    '--timeout[give up after this long\: 500ms, 30s, 10m, 2h]:DURATION:'
    '--help[explain the command]'     '-h[explain the command]'
    '--version[print the version]'
  )
  local state
  _arguments -C $global '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
        status) _arguments $global \
          '--watch[keep it on the screen and up to date]' ;;
        run) _arguments $global \
          '*--domain[only this domain; may be repeated]:D:' \
          '-k[only units whose name contains TEXT]:TEXT:' \
          '--all[every unit]' \
          '--failed[only what is red now]' \
          '--force[run even what stands in the cache]' \
          '--no-wait[do not wait for the verdicts]' \
          '*: :_files' ;;
        sync|wait) _arguments $global \
          '--seen[only until they are seen]' ;;
        results) _arguments $global \
          '--cases[list the cases too]' \
          '--domain[only this domain]:D:' \
          '-k[only units whose name contains TEXT]:TEXT:' \
          '--verdict[only these\: passed failed error timed-out skipped flaky unknown]:V:(passed failed error timed-out skipped flaky unknown)' \
          '--limit[at most N of them]:N:' \
          '--format[one of\: table json junit tap sarif html csv gnu]:F:(table json junit tap sarif html csv gnu)' \
          '*: :_files' ;;
        history) _arguments $global \
          '--domain[only this domain]:D:' \
          '--limit[at most N of them]:N:' \
          '*: :_files' ;;
        log) _arguments $global \
          '--domain[only this domain]:D:' \
          '--follow[wait for the end of a run that is under way]'           '-f[wait for the end of a run that is under way]' \
          '*: :_files' ;;
        watch) _arguments $global ;;
        events) _arguments $global \
          '--after[only what came after this tick of the clock]:CLOCK:'           '--since[only what came after this tick of the clock]:CLOCK:' \
          '*--kind[only this kind; may be repeated]:K:(change plan run-started run-finished state gate overflow degraded config queue)' \
          '--follow[go on with what comes]'           '-f[go on with what comes]' ;;
        changes) _arguments $global \
          '--after[only what came after this tick of the clock]:CLOCK:'           '--since[only what came after this tick of the clock]:CLOCK:' ;;
        queue) _arguments $global ;;
        domains) _arguments $global ;;
        projects) _arguments $global \
          '*: :(add remove)' ;;
        start) _arguments $global ;;
        stop) _arguments $global ;;
        pause) _arguments $global ;;
        resume) _arguments $global ;;
        cancel) _arguments $global ;;
        config) _arguments $global \
          '*: :(check show)' ;;
        init) _arguments $global \
          '--force[replace a file that is there]' ;;
        doctor) _arguments $global ;;
        completion) _arguments $global \
          '*: :(bash zsh fish)' ;;
        version) _arguments $global ;;
        help) _arguments $global \
          '*: :(status run sync results history log watch events changes queue domains projects start stop pause resume cancel config init doctor completion version help)' ;;
      esac ;;
  esac
}

_mcpd_client "$@"
