/** The variables by which most programs are told of a proxy. None of them is a setting of the router. */

/** Under the name by which it was set; '' where it is not. */
interface ProxyVariable {
  readonly variable: string;
  readonly value: string;
}

export interface ProxyEnvironment {
  readonly https: ProxyVariable;
  readonly http: ProxyVariable;
  readonly no: ProxyVariable;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function proxyEnvironmentOf(env: Environment): ProxyEnvironment {
  return {
    https: variableOf('HTTPS_PROXY', env),
    http: variableOf('HTTP_PROXY', env),
    no: variableOf('NO_PROXY', env),
  };
}

/** In small letters first, as curl and others read them. An empty one is not set. */
function variableOf(name: string, env: Environment): ProxyVariable {
  const found = [name.toLowerCase(), name].find((variable) => (env[variable] ?? '') !== '');
  return { variable: found ?? name, value: env[found ?? name] ?? '' };
}

/** A proxy that other programs go by, and the router does not. */
export function unreadProxyNotes(
  {
    http,
    proxyEnvironment,
  }: { readonly http: { readonly proxy: string }; readonly proxyEnvironment: ProxyEnvironment },
  env: Environment,
): string[] {
  const { variable, value } = variableOf('ALL_PROXY', env);
  const isNamed = proxyEnvironment.https.value !== '' || proxyEnvironment.http.value !== '';
  if (value === '' || isNamed || http.proxy !== 'environment') return [];
  return [`${variable} is set and is not read: set HTTPS_PROXY and HTTP_PROXY, or http.proxy`];
}

/** The passwords in URLs of proxies, as written and as meant: no line may hold them. */
export function proxyPasswords(
  { https, http }: Pick<ProxyEnvironment, 'https' | 'http'>,
  setting = '',
): string[] {
  return [https.value, http.value, setting].flatMap((text) => {
    const [, password = ''] = /^(?:[a-z]+:\/\/)?[^:@/?#]*:(.*)@/i.exec(text) ?? [];
    const written = password.split(/\{\{[^{}]*\}\}/).filter((part) => part !== '');
    return written.flatMap((part) => [part, decoded(part)]);
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
