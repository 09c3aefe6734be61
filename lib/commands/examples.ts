/** An example or two under the help of each command: as they are typed, with what they are for. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  start: ['esl-router start', 'esl-router start --config /etc/esl-router/esl-router.json'],
  init: [
    'esl-router init',
    'esl-router init /etc/esl-router --url https://crm.example.com/route --gateway my-trunk --domain pbx.example.com',
  ],
  new: [
    'esl-router new sales --preset bitrix24 --out conf/schemes',
    'esl-router new sales --preset google-sheet',
  ],
  check: ['esl-router check', 'esl-router check --dialplan /etc/freeswitch/dialplan/public.xml'],
  try: [
    'esl-router try --caller 380441112233 --did 15005550100',
    'esl-router try --caller 380441112233 --did 15005550100 --scheme sales --reply reply.json',
    'esl-router try --csv last-month.csv --rate 10 --out tried.jsonl',
  ],
  calls: [
    'esl-router calls --since 1h --result error no_answer',
    'esl-router calls --caller 380441112233 --json',
  ],
  why: [
    'esl-router why 380441112233',
    'esl-router why 0190a5d2-7b3c-7e21-9f0a-3c5d7e9f1a2b --log router.log',
  ],
  shadow: ['esl-router shadow sales-new', 'esl-router shadow sales-new --since 2h --json'],
  store: [
    'esl-router store status',
    'esl-router store backup calls.db',
    'esl-router store erase 380441112233',
  ],
  user: ['esl-router user add anna --role admin', 'esl-router user list', 'esl-router user disable anna'],
  events: ['esl-router events failed', 'esl-router events retry'],
  demo: ['esl-router demo', 'esl-router demo --once'],
  simulate: [
    'esl-router simulate --calls 1',
    'esl-router simulate --router 127.0.0.1:8084 --calls 500 --rate 50',
  ],
  top: ['esl-router top', 'esl-router top --url https://router.example.com --count 1'],
  config: ['esl-router config', 'esl-router config --json'],
  completion: [
    'source <(esl-router completion bash)',
    'esl-router completion zsh > ~/.zsh/completions/_esl-router',
  ],
};
