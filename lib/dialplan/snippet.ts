import { MARGIN_SECONDS, SHORTEST_GUARD } from './check.ts';

/** The lines of a dialplan that hand a call over, for this router: as freeswitch/dialplan/esl-router.xml has them, without the settings. */
export interface Snippet {
  readonly xml: string;
  /** Of the socket application: `127.0.0.1:8084`. */
  readonly address: string;
  readonly guardSeconds: number;
}

export interface SnippetOptions {
  readonly host: string;
  readonly port: number;
  /** The longest time that a scheme may take to decide. */
  readonly timeoutSeconds: number;
  /** The call asks for this scheme; null: it chooses. */
  readonly scheme: string | null;
}

export function snippetFor({ host, port, timeoutSeconds, scheme }: SnippetOptions): Snippet {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const target = scheme === null ? address : `${address}/${scheme}`;
  const guardSeconds = Math.max(SHORTEST_GUARD, Math.ceil(timeoutSeconds) + MARGIN_SECONDS);
  const xml = `<include>
  <context name="esl_router">
    <extension name="esl_router_fallback">
      <condition field="destination_number" expression="^esl_router_fallback$">
        <action application="sched_cancel" data="\${esl_router_guard_id}"/>
        <action application="set" data="sip_ignore_remote_cause=true"/>
        <!-- Who answers when the CRM does not, or nobody is behind it. -->
        <action application="bridge" data="{originate_timeout=20,ignore_early_media=true}user/1000@\${domain_name}"/>
        <action application="hangup" data="NO_ANSWER"/>
      </condition>
    </extension>
    <extension name="esl_router">
      <condition field="destination_number" expression="^(.+)$">
        <action application="unset" data="esl_router_result"/>
        <action application="unset" data="esl_router_scheme"/>
        <action application="unset" data="esl_router_destination"/>
        <action application="unset" data="esl_router_trace"/>
        <action application="unset" data="esl_router_reason"/>
        <action application="set" data="continue_on_fail=true"/>
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="export" data="force_transfer_context=default"/>
        <action application="set" data="esl_router_guard=${guardSeconds}"/>
        <action application="sched_transfer" data="+${guardSeconds} esl_router_fallback XML esl_router"/>
        <action application="set" data="esl_router_guard_id=\${last_sched_id}"/>
        <action application="socket" data="${target} async full"/>
        <action application="transfer" data="esl_router_fallback XML esl_router"/>
      </condition>
    </extension>
  </context>
</include>
`;
  return { xml, address: target, guardSeconds };
}
