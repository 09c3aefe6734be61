import type { Writable } from 'node:stream';
import { print } from './print.ts';

/** Shell completion: a static script that knows the commands and never calls the program. */

export type Shell = 'bash' | 'zsh';

/** One command: its name, what it does and its options, `--config`; those that take a file end in one. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly string[];
}

export function completionCommand(
  stdout: Writable,
  shell: Shell,
  commands: readonly CompletedCommand[],
): void {
  print(stdout, [shell === 'bash' ? bash(commands) : zsh(commands)]);
}

function cases(commands: readonly CompletedCommand[], line: (options: string) => string): string {
  return commands.map(({ name, options }) => `    ${name}) ${line(options.join(' '))} ;;`).join('\n');
}

/** A word after an option that takes a value is a file's name, and so is any that begins with no dash. */
function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion of esl-router: source <(esl-router completion bash)
_esl_router() {
  local word="\${COMP_WORDS[COMP_CWORD]}" options=""
  case "\${COMP_WORDS[1]}" in
${cases(commands, (options) => `options="${options}"`)}
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${names} --help --version" -- "$word"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options --help" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _esl_router esl-router`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const quoted = (text: string): string => `'${text.replace(/'/g, "'\\''").replace(/:/g, '\\:')}'`;
  const described = commands.map(({ name, description }) => {
    return `    ${quoted(name).slice(0, -1)}:${quoted(description).slice(1)}`;
  });
  return `#compdef esl-router
# zsh completion of esl-router: esl-router completion zsh > a folder of $fpath, as _esl-router
_esl-router() {
  local -a commands options
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases(commands, (options) => `options=(${options})`)}
  esac
  if [[ $PREFIX == -* ]]; then
    compadd -- $options --help
  else
    _files
  fi
}
if [[ $funcstack[1] == _esl-router ]]; then _esl-router "$@"; else compdef _esl-router esl-router; fi`;
}
