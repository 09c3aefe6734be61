import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * FusionPBX as FreeSWITCH sees it: a dialplan context for each domain, the context "public" for carriers, users whose
 * `user_context` is their domain. The shape is that of the XML which it generates; its Lua programs do not run here, so
 * that ring group 600, follow-me and voicemail are imitated by what FreeSWITCH has itself: a bridge to the group, a bridge
 * to telephone and mobile together, a tone. The router's dialplan is the file that people paste, word for word.
 */

/** Both have a 201 and a 202. */
export const TENANTS = ['one.example', 'two.example'] as const;
/** A domain that no router is told of. */
export const STRANGER = 'three.example';
/** Has follow-me switched on. */
export const FOLLOWED = '202';
export const TENANT_USERS = ['201', FOLLOWED] as const;

export interface FusionPlan {
  /** Profile where carriers come in, and the one where users register. */
  readonly external: number;
  readonly internal: number;
  readonly routes: readonly InboundRoute[];
}

/** What "Destinations" makes of a number. */
interface InboundRoute {
  readonly number: string;
  readonly domain: string;
  /** Where the router listens, whom the ring group rings, the mobile of the follow-me. */
  readonly hosts: string;
  readonly group: string;
  readonly mobile: string;
}

const PASTED = join(import.meta.dirname, '../../freeswitch/fusionpbx/esl-router.xml');
/** The only words of the pasted file that are the installation's own. */
const HOSTS = '127.0.0.1:8084|127.0.0.1:8184';

function pasted(): string {
  const text = readFileSync(PASTED, 'utf8');
  if (!text.includes(HOSTS)) throw new Error(`${PASTED} does not hold ${HOSTS} any more`);
  return text.replace(HOSTS, '${live_hosts}');
}

export function fusionContexts({ routes }: FusionPlan): string {
  return [
    publicContext(routes),
    ...[...TENANTS, STRANGER].map((domain) => domainContext(domain, routes)),
  ].join('\n');
}

/** Numbers for one call in the fixture: they are known by the number that was dialled, from outside or within. */
function perCall({ hosts, group, mobile }: InboundRoute): string {
  return (
    set(`live_hosts=${hosts}`, true) + set(`live_group=${group}`, true) + set(`live_mobile=${mobile}`, true)
  );
}

function publicContext(routes: readonly InboundRoute[]): string {
  const destinations = routes.map(
    (route) => `<extension name="route ${route.number}" continue="false">
      <condition field="destination_number" expression="^${route.number}$">
        <action application="export" data="call_direction=inbound" inline="true"/>
        ${set(`domain_name=${route.domain}`, true)}${perCall(route)}
        <action application="transfer" data="esl-router XML ${route.domain}"/>
      </condition>
    </extension>`,
  );
  return `<context name="public">
    <extension name="details" continue="true"><condition>
      ${set('caller_destination=${sip_to_user}', true)}${set('caller_id_number=${caller_id_number}', false)}
    </condition></extension>
    ${destinations.join('\n    ')}
    <extension name="nobody"><condition><action application="respond" data="404 Not Found"/></condition></extension>
  </context>`;
}

function domainContext(domain: string, routes: readonly InboundRoute[]): string {
  const known = '<condition field="${user_exists}" expression="^true$"';
  const own = routes.filter((route) => route.domain === domain);
  return `<context name="${domain}">
    <extension name="user" continue="true">
      <condition>${set('user_exists=${user_exists id ${destination_number} ${domain_name}}', true)}</condition>
      ${known}>
        ${set('follow_me=${user_data ${destination_number}@${domain_name} var follow_me_enabled}', true)}
        ${set('call_timeout=${user_data ${destination_number}@${domain_name} var call_timeout}', true)}
      </condition>
    </extension>
    <extension name="details" continue="true"><condition field="\${caller_destination}" expression="^$" break="never">
      ${set('caller_destination=${destination_number}', true)}
    </condition></extension>
    <extension name="direction" continue="true"><condition field="\${call_direction}" expression="^$" break="never">
      <action application="export" data="call_direction=local" inline="true"/>
    </condition></extension>
    ${own
      .map(
        (
          route,
        ) => `<extension name="within ${route.number}"><condition field="destination_number" expression="^${route.number}$">
      ${perCall(route)}<action application="transfer" data="esl-router XML ${domain}"/>
    </condition></extension>`,
      )
      .join('\n    ')}
    ${pasted()}
    <extension name="ring group"><condition field="destination_number" expression="^600$">
      <action application="ring_ready"/>
      <action application="bridge" data="sofia/gateway/crm/\${live_group}"/>
    </condition></extension>
    <extension name="follow-me">
      ${known}/>
      <condition field="\${follow_me}" expression="^true$">
        ${set('hangup_after_bridge=true', false)}${set('continue_on_fail=true', false)}
        <action application="bridge" data="{ignore_early_media=true}[leg_timeout=20,sip_invite_domain=\${domain_name}]\${sofia_contact(*/\${destination_number}@\${domain_name})},[leg_timeout=20]sofia/gateway/crm/\${live_mobile}"/>
      </condition>
    </extension>
    <extension name="local" continue="true">
      ${known}>
        <action application="export" data="dialed_extension=\${destination_number}" inline="true"/>
        <action application="limit" data="hash \${domain_name} \${destination_number} 5"/>
        ${set('hangup_after_bridge=true', false)}${set('continue_on_fail=true', false)}
        <action application="export" data="domain_name=\${domain_name}"/>
        <action application="bridge" data="user/\${destination_number}@\${domain_name}"/>
      </condition>
    </extension>
    <extension name="voicemail">
      ${known}>
        ${set('voicemail_id=${destination_number}', true)}
        <action application="answer"/>
        <action application="playback" data="tone_stream://%(2000,0,440)"/>
        <action application="hangup" data="NORMAL_CLEARING"/>
      </condition>
    </extension>
  </context>`;
}

export function fusionDirectory(password: string): string {
  return [...TENANTS, STRANGER]
    .map(
      (domain) => `<domain name="${domain}" alias="true"><groups><group name="default"><users>
      ${TENANT_USERS.map((id) => user(id, domain, password)).join('\n      ')}
    </users></group></groups></domain>`,
    )
    .join('\n    ');
}

function user(id: string, domain: string, password: string): string {
  const variables = {
    domain_name: domain,
    user_context: domain,
    call_timeout: '2',
    follow_me_enabled: String(id === FOLLOWED),
    export_vars: 'domain_name',
  };
  return `<user id="${id}">
        <params>
          <param name="password" value="${password}"/>
          <param name="dial-string" value="{sip_invite_domain=${domain},presence_id=${id}@${domain}}\${sofia_contact(*/${id}@${domain})}"/>
        </params>
        <variables>${Object.entries(variables)
          .map(([name, value]) => `<variable name="${name}" value="${value}"/>`)
          .join('')}</variables>
      </user>`;
}

function set(assignment: string, inline: boolean): string {
  return `<action application="set" data="${assignment}"${inline ? ' inline="true"' : ''}/>`;
}
