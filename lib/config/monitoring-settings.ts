import { format, isHost, isNetwork, list, otlpUrl, portOrOff, setting } from './setting.ts';

/** Where machines look at the router, and where it sends traces: `health`, `metrics` and `otlp` of the table of settings. */
export const MONITORING_SETTINGS = {
  health: {
    host: setting(
      'HEALTH_HOST',
      '127.0.0.1',
      format('a host name or IP address', (v) => typeof v === 'string' && isHost(v)),
      'Address of /healthz, /readyz and /metrics.',
    ),
    port: setting(
      'HEALTH_PORT',
      'off',
      portOrOff,
      'Port of /healthz, /readyz and /metrics; 0 lets the system choose.',
    ),
  },
  metrics: {
    allow: setting(
      'METRICS_ALLOW',
      ['127.0.0.0/8', '::1/128'],
      list('IP addresses or networks (10.0.0.0/8)', isNetwork),
      'Who may read /metrics without a token. Others use the port of the API, with an API token of the role viewer.',
    ),
  },
  otlp: {
    url: setting(
      'OTLP_URL',
      '',
      otlpUrl,
      'Where traces go, by OTLP over HTTP: http://127.0.0.1:4318 (/v1/traces is added). Empty: no traces are sent.',
    ),
  },
};
