# bash completion for mcpd-client
_mcpd_client() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --project|--socket|--timeout) ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $before in
    --project) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --socket) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --verdict) COMPREPLY=($(compgen -W 'passed failed error timed-out skipped flaky unknown' -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W 'table json junit tap sarif html csv gnu' -- "$word")); return ;;
    --kind) COMPREPLY=($(compgen -W 'change plan run-started run-finished state gate overflow degraded config queue' -- "$word")); return ;;
  esac
  case $command in
    '') COMPREPLY=($(compgen -W 'status run sync results history log watch events changes queue domains projects start stop pause resume cancel config init doctor completion version help --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    status) COMPREPLY=($(compgen -W '--watch --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    run) COMPREPLY=($(compgen -W '--domain -k --all --failed --force --no-wait --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word") $(compgen -f -- "$word")) ;;
    sync|wait) COMPREPLY=($(compgen -W '--seen --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    results) COMPREPLY=($(compgen -W '--cases --domain -k --verdict --limit --format --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word") $(compgen -f -- "$word")) ;;
    history) COMPREPLY=($(compgen -W '--domain --limit --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word") $(compgen -f -- "$word")) ;;
    log) COMPREPLY=($(compgen -W '--domain --follow -f --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word") $(compgen -f -- "$word")) ;;
    watch) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    events) COMPREPLY=($(compgen -W '--after --since --kind --follow -f --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    changes) COMPREPLY=($(compgen -W '--after --since --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    queue) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    domains) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    projects) COMPREPLY=($(compgen -W 'add remove --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    start) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    stop) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    pause) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    resume) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    cancel) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    config) COMPREPLY=($(compgen -W 'check show --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    init) COMPREPLY=($(compgen -W '--force --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    doctor) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W 'bash zsh fish --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    version) COMPREPLY=($(compgen -W '--project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
    help) COMPREPLY=($(compgen -W 'status run sync results history log watch events changes queue domains projects start stop pause resume cancel config init doctor completion version help --project --socket --json --jsonl --no-color --timeout --help -h --version' -- "$word")) ;;
  esac
}
complete -o filenames -F _mcpd_client mcpd-client
