import { apiPort, format, isHost, isNetwork, list, setting, text } from './setting.ts';

/** When `api.port` is `auto`. */
export const DEFAULT_API_PORT = 8085;

/** Where programs and people reach the router: `api` of the table of settings. */
export const API_SETTINGS = {
  host: setting(
    'API_HOST',
    '127.0.0.1',
    format('a host name or IP address', (v) => typeof v === 'string' && isHost(v)),
    'Address of the API. Beyond loopback it needs api.tls or api.trustedProxy, and a user (esl-router user add).',
  ),
  port: setting(
    'API_PORT',
    'auto',
    apiPort,
    `Port of the API; 0 lets the system choose. auto: ${DEFAULT_API_PORT} when there is a store, otherwise off. The API needs a store.`,
  ),
  hosts: setting(
    'API_HOSTS',
    [],
    list('host names', isHost),
    'More host names of the API (the Host header), such as router.example.com. Its own address and loopback always work.',
  ),
  tls: {
    cert: setting('API_TLS_CERT', '', text, 'Certificate of the API with its chain, a PEM file.'),
    key: setting('API_TLS_KEY', '', text, 'Private key of that certificate, a PEM file.'),
  },
  trustedProxy: setting(
    'API_TRUSTED_PROXY',
    [],
    list('IP addresses or networks (10.0.0.0/8)', isNetwork),
    'Proxies that terminate TLS for the API: their X-Forwarded-For and X-Forwarded-Proto are trusted. Without api.tls nobody else can connect from beyond loopback.',
  ),
};
