import { fusionContexts, fusionDirectory, type FusionPlan } from './fusion.ts';

/**
 * The configuration that FreeSWITCH runs on during the live test: loopback only, ports as told, and around the
 * project's own files nothing but what they need to be loaded.
 */

export interface SwitchPorts {
  readonly eventSocket: number;
  /** Profile where calls from outside come in and gateways live. */
  readonly external: number;
  /** Profile where users register. */
  readonly internal: number;
  /** Profile that names its channels after the Call-ID; none unless it is told. */
  readonly byCallId?: number;
  readonly rtpFirst: number;
  readonly rtpLast: number;
}

/** Users who are not among those of the project's files, each for rows that no other row's calls may disturb. */
export const TESTED_USER = '203';
export const SCRIPTS_USER = '204';
export const BUSY_USER = '205';
export const DECLINING_USER = '206';
export const TESTED_USERS = [TESTED_USER, SCRIPTS_USER, BUSY_USER, DECLINING_USER] as const;

/** One number that callers can dial, or an expression for several: what the dialplan does with it. */
export interface Inbound {
  readonly number: string;
  readonly actions: readonly (readonly [application: string, data: string])[];
}

export interface SwitchPlan {
  readonly ports: SwitchPorts;
  readonly domain: string;
  readonly userPassword: string;
  readonly inbound: readonly Inbound[];
  /** How much FreeSWITCH logs; `debug` is a file of 60 KB a call. */
  readonly logLevel: 'debug' | 'notice';
  /** More gateways, name -> port of the carrier on the loopback interface. */
  readonly gateways: Readonly<Record<string, number>>;
  /** Domains as FusionPBX makes them, beside all that. */
  readonly fusion?: FusionPlan;
}

const MODULES = [
  'console',
  'logfile',
  'event_socket',
  'sofia',
  'loopback',
  'commands',
  'dptools',
  'expr',
  'hash',
  'dialplan_xml',
  'tone_stream',
  'sndfile',
];

/** `freeswitch.xml`, for a folder that holds the project's files under `esl-router/`. */
export function switchConfig(plan: SwitchPlan): string {
  const { ports, domain } = plan;
  return `<?xml version="1.0"?>
<document type="freeswitch/xml">
  <X-PRE-PROCESS cmd="set" data="domain=${domain}"/>
  <X-PRE-PROCESS cmd="set" data="default_password=${plan.userPassword}"/>
  <section name="configuration">
    <configuration name="switch.conf"><settings>
      ${params({
        'max-sessions': 1000,
        'sessions-per-second': 200,
        loglevel: plan.logLevel,
        'rtp-start-port': ports.rtpFirst,
        'rtp-end-port': ports.rtpLast,
        'rtp-enable-zrtp': 'false',
      })}
    </settings></configuration>
    <configuration name="modules.conf"><modules>
      ${MODULES.map((name) => `<load module="mod_${name}"/>`).join('\n      ')}
    </modules></configuration>
    <configuration name="console.conf">
      <mappings><map name="all" value="warning,err,crit,alert"/></mappings>
      <settings>${params({ colorize: 'false', loglevel: 'warning' })}</settings>
    </configuration>
    <configuration name="logfile.conf">
      <settings>${params({ 'rotate-on-hup': 'false' })}</settings>
      <profiles><profile name="default">
        <settings>${params({ rollover: 0, uuid: 'true' })}</settings>
        <mappings><map name="all" value="${plan.logLevel === 'debug' ? 'debug,info,' : ''}notice,warning,err,crit,alert"/></mappings>
      </profile></profiles>
    </configuration>
    <X-PRE-PROCESS cmd="include" data="esl-router/autoload_configs/*.xml"/>
    <configuration name="loopback.conf"><settings/></configuration>
    <configuration name="timezones.conf"><timezones/></configuration>
    <configuration name="acl.conf"><network-lists/></configuration>
    <configuration name="post_load_modules.conf"><modules/></configuration>
    <configuration name="post_load_switch.conf"><settings/></configuration>
    <configuration name="sofia.conf">
      <global_settings>${params({ 'log-level': 0, 'auto-restart': 'false' })}</global_settings>
      <profiles>
        <profile name="external">
          <gateways>
            <X-PRE-PROCESS cmd="include" data="esl-router/sip_profiles/external/*.xml"/>
            ${Object.entries(plan.gateways)
              .map(([name, port]) => gateway(name, port))
              .join('\n            ')}
          </gateways>
          <settings>${profile(ports.external, 'inbound', {})}</settings>
        </profile>
        ${ports.byCallId === undefined ? '' : byCallId(ports.byCallId)}
        ${plan.fusion === undefined ? '' : fusionProfiles(plan.fusion)}
        <profile name="internal">
          <settings>${profile(ports.internal, 'default', {
            'auth-calls': 'true',
            'force-register-domain': domain,
            'force-register-db-domain': domain,
            'challenge-realm': 'auto_from',
          })}</settings>
        </profile>
      </profiles>
    </configuration>
  </section>
  <section name="dialplan">
    <context name="inbound">
      ${plan.inbound.map(extension).join('\n      ')}
      <X-PRE-PROCESS cmd="include" data="esl-router/dialplan/public/*.xml"/>
    </context>
    <X-PRE-PROCESS cmd="include" data="esl-router/dialplan/*.xml"/>
    <X-PRE-PROCESS cmd="include" data="default.xml"/>
    ${plan.fusion === undefined ? '' : fusionContexts(plan.fusion)}
  </section>
  <section name="directory">
    <domain name="${domain}">
      <params>
        <param name="dial-string" value="{sip_invite_domain=\${dialed_domain}}\${sofia_contact(internal/\${dialed_user}@\${dialed_domain})}"/>
      </params>
      <groups><group name="default"><users>
        <X-PRE-PROCESS cmd="include" data="esl-router/directory/default/*.xml"/>
        ${TESTED_USERS.map((id) => `<user id="${id}"><params><param name="password" value="$\${default_password}"/></params></user>`).join('\n        ')}
      </users></group></groups>
    </domain>
    ${plan.fusion === undefined ? '' : fusionDirectory(plan.userPassword)}
  </section>
  <section name="languages"/>
</document>
`;
}

function params(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<param name="${name}" value="${value}"/>`)
    .join('');
}

function profile(port: number, context: string, more: Readonly<Record<string, string>>): string {
  return params({
    'sip-ip': '127.0.0.1',
    'rtp-ip': '127.0.0.1',
    'sip-port': port,
    context,
    dialplan: 'XML',
    'inbound-codec-prefs': 'PCMU',
    'outbound-codec-prefs': 'PCMU',
    'auth-calls': 'false',
    'manage-presence': 'false',
    // Without it a tone played to an end that sends no sound of its own stands still.
    'rtp-timer-name': 'soft',
    'rfc2833-pt': 101,
    tls: 'false',
    ...more,
  });
}

/** As public configurations have it: the channel's uuid is whatever the caller wrote as his Call-ID. */
function byCallId(port: number): string {
  const settings = profile(port, 'inbound', { 'inbound-use-callid-as-uuid': 'true' });
  return `<profile name="by-call-id"><settings>${settings}</settings></profile>`;
}

/** Whoever has no account comes in by "public"; who has one, by the context of his domain. */
function fusionProfiles({ external, internal }: FusionPlan): string {
  const users = {
    'auth-calls': 'true',
    'challenge-realm': 'auto_from',
    'inbound-reg-force-matching-username': 'true',
  };
  return `<profile name="fusion-external"><settings>${profile(external, 'public', {})}</settings></profile>
        <profile name="fusion-internal">
          <domains><domain name="all" alias="true" parse="false"/></domains>
          <settings>${profile(internal, 'public', users)}</settings>
        </profile>`;
}

function gateway(name: string, port: number): string {
  return `<gateway name="${name}">${params({
    proxy: `127.0.0.1:${port}`,
    realm: '127.0.0.1',
    username: 'account',
    password: 'secret',
    register: 'false',
    'caller-id-in-from': 'true',
  })}</gateway>`;
}

function extension({ number, actions }: Inbound): string {
  const lines = actions.map(
    ([application, data]) => `<action application="${application}" data="${escapeXml(data)}"/>`,
  );
  return `<extension name="${number}"><condition field="destination_number" expression="^${number}$">${lines.join('')}</condition></extension>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
