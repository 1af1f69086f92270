# shellcheck shell=bash disable=SC2207 # words hold no spaces
# Completion of alcove(1) for bash: source it, or install it as
# /usr/share/bash-completion/completions/alcove. Completes words only; it never asks the agent,
# since names of people do not belong on a screen by accident.
_alcove() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' sub=''
    local commands=' practice join qr unlock lock passphrase status doctor sync member relate delegate chart directory write reflect moment list show history search grant revoke access log export device '
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --profile | --passphrase-fd) i=$((i + 1)) ;;
        -*) ;;
        *)
            if [ -z "$command" ]; then
                command=${COMP_WORDS[i]}
            elif [ -z "$sub" ]; then
                sub=${COMP_WORDS[i]}
            fi
            ;;
        esac
    done
    local classes='process progress session shared journal safety directory'
    case $before in
    --class) COMPREPLY=($(compgen -W "$classes" -- "$word")); return ;;
    --role) COMPREPLY=($(compgen -W 'therapist client auditor admin' -- "$word")); return ;;
    --rights) COMPREPLY=($(compgen -W 'read read,write read,write,own' -- "$word")); return ;;
    --template) COMPREPLY=($(compgen -W 'soap dap birp girp free' -- "$word")); return ;;
    --outcome) COMPREPLY=($(compgen -W 'ok refused failed' -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W 'tlog-tiles jsonl csv' -- "$word")); return ;;
    --category)
        COMPREPLY=($(compgen -W 'reached-out boundary trigger-named felt-without-numbing
            asked-for-help stress-handled present-for-others showed-up hard-day' -- "$word"))
        return
        ;;
    --profile) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --file | --out | --root | --server | --card) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    if [ -z "$command" ]; then
        COMPREPLY=($(compgen -W "$commands --profile --passphrase-fd --json --help" -- "$word"))
        return
    fi
    local words=''
    case $command in
    practice) words='new sign --name --server --out --trial' ;;
    join) words='--yes --trial --card' ;;
    doctor) words='--confirm-clock' ;;
    passphrase) words='--new-passphrase-fd' ;;
    sync) words='--watch --timeout --drop-refused' ;;
    member) words='invite list code suspend resume --role --name --out --days --root --root-passphrase-fd' ;;
    relate) words='list end treats covers supervises trains --until' ;;
    delegate) words='--until' ;;
    chart) words='new add list --name --class' ;;
    directory) words='new share' ;;
    write) words='--class --title --tag --file --note --draft --addendum --correction --late-entry --reason --template' ;;
    reflect) words='--file --title --yes' ;;
    moment) words='--category --file --share --bring' ;;
    list) words='--section' ;;
    show) words='--no-receipt' ;;
    grant) words='--class --rights --until --history --code-compared' ;;
    revoke | access) words='--class' ;;
    log) words='verify export --mine --chart --all --actor --section --action --outcome --from --to --limit --format' ;;
    export) words='--chart --all --include-process' ;;
    device) words='list revoke --member' ;;
    esac
    case $command in
    join | qr | export) COMPREPLY=($(compgen -f -W "$words --json" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$words --json" -- "$word")) ;;
    esac
}
complete -F _alcove alcove
