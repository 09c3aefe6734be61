/** What each preset is, what it leaves to do and where its CRM ends, by the English line that the API has. */

const COUNTRY_LINE =
  'numbering.country: your country ("UA"), if your carrier sends callers without + and country code';
const MAP_LINE =
  'webhook.map: the id of each owner, with the extension: {"17": "201"}; an owner who is not in it counts as nobody';

export const presets: Readonly<Record<string, string>> = {
  // In several of them.
  [COUNTRY_LINE]:
    'numbering.country: ваша країна («UA»), якщо оператор передає абонентів без + і коду країни',
  [MAP_LINE]:
    'webhook.map: id кожного відповідального і його внутрішній номер: {"17": "201"}; кого там немає, той – ніхто',
  'numbering.extensionDigits: how long your extensions are':
    'numbering.extensionDigits: скільки цифр мають ваші внутрішні номери',

  // generic-json
  'your own CRM, answering as docs/crm.md says: a signed JSON question, {"destination": "201"} back':
    'власна CRM, що відповідає за docs/crm.md: на підписане запитання JSON повертає {"destination": "201"}',
  'webhook.url: where your CRM answers': 'webhook.url: де відповідає ваша CRM',
  'ESL_ROUTER_SECRET_CRM: the secret that signs the questions, "whsec_" and base64; the CRM has the same':
    'ESL_ROUTER_SECRET_CRM: секрет, яким підписано запитання, «whsec_» і base64; CRM має такий самий',
  'webhook.expect: add "number" if the CRM also answers with telephone numbers':
    'webhook.expect: додайте «number», якщо CRM відповідає і телефонними номерами',
  'The CRM answers with extensions itself. If it answers with ids of owners, add `webhook.map`: an id of 3 or 4 digits is read as an extension otherwise.':
    'CRM сама відповідає внутрішніми номерами. Якщо вона відповідає id відповідальних, додайте `webhook.map`: інакше id з 3 чи 4 цифр читається як внутрішній номер.',
  'each event as in docs/events.md, signed like the question':
    'кожна подія за docs/events.md, підписана як запитання',
  'events.0.webhook.url: where your CRM receives events': 'events.0.webhook.url: де ваша CRM приймає події',
  'An event may come twice: keep each `event_id` that you have seen.':
    'Подія може прийти двічі: запам’ятовуйте кожен `event_id`, який уже був.',

  // http-query
  'a script that gets the caller in its query and answers with an extension as plain text':
    'скрипт, що отримує абонента в параметрах URL і відповідає внутрішнім номером, простим текстом',
  'webhook.url: where your script is': 'webhook.url: де ваш скрипт',
  'ESL_ROUTER_SECRET_CRM: the token that the script checks; or take webhook.auth out':
    'ESL_ROUTER_SECRET_CRM: токен, який перевіряє скрипт; або приберіть webhook.auth',
  'Plain text has no place for errors: HTML, or any status outside 2xx except 404, is an error. Warnings that PHP prints before the extension are refused.':
    'У простому тексті немає місця для помилок: помилкою є HTML або будь-який статус поза 2xx, крім 404. Попередження, які PHP друкує перед номером, не приймаються.',
  'The script answers with extensions itself. If it answers with ids, add `webhook.map`.':
    'Скрипт сам відповідає внутрішніми номерами. Якщо він відповідає id, додайте `webhook.map`.',

  // json-rpc
  'a server that speaks JSON-RPC 2.0 and answers with {"result": {"destination": "201"}}':
    'сервер JSON-RPC 2.0, що відповідає {"result": {"destination": "201"}}',
  'webhook.url: where your server answers': 'webhook.url: де відповідає ваш сервер',
  'webhook.rpcMethod: the method that finds the owner of a number':
    'webhook.rpcMethod: метод, що знаходить відповідального за номером',
  'ESL_ROUTER_SECRET_CRM: the token of your server; or take webhook.auth out':
    'ESL_ROUTER_SECRET_CRM: токен вашого сервера; або приберіть webhook.auth',
  'The server answers with extensions itself. If it answers with ids, add `webhook.map`.':
    'Сервер сам відповідає внутрішніми номерами. Якщо він відповідає id, додайте `webhook.map`.',
  'A server that accepts only integers as ids needs `"rpcId": "number"`.':
    'Серверу, що приймає як id лише цілі числа, потрібно `"rpcId": "number"`.',

  // bitrix24
  'Bitrix24: the user responsible for the caller, by an inbound webhook':
    'Bitrix24: відповідальний за абонента, через вхідний вебхук',
  'webhook.url: the address of your Bitrix24, and instead of the 1 the id of the user who owns the inbound webhook':
    'webhook.url: адреса вашого Bitrix24, а замість 1 – id користувача, якому належить вхідний вебхук',
  'ESL_ROUTER_SECRET_BITRIX24: the code of the inbound webhook (scope: telephony), the last part of its address':
    'ESL_ROUTER_SECRET_BITRIX24: код вхідного вебхука (права: telephony), остання частина його адреси',
  'If several match, the first is used: the one that Bitrix24 itself recommends.':
    'Якщо збігається кілька, береться перший: той, кого радить сам Bitrix24.',
  'Bitrix24 takes 50 requests at once from one address, but no more than 2 a second in the long run (Enterprise 250 and 5); beyond that it answers 503, and the caller goes to `onError`. `webhook.cacheSeconds` helps.':
    'Bitrix24 приймає з однієї адреси 50 запитів одразу, але надовго не більше ніж 2 на секунду (Enterprise – 250 і 5); понад це відповідає 503, і абонент іде до `onError`. Допомагає `webhook.cacheSeconds`.',
  'To check whether the user is at work, add `"when": { "result.0.ASSIGNED_BY.TIMEMAN_STATUS": ["OPENED"] }` in `webhook`; only where Bitrix24 keeps working time, else nobody is ever at work.':
    'Щоб перевіряти, чи відповідальний на роботі, додайте до `webhook` `"when": { "result.0.ASSIGNED_BY.TIMEMAN_STATUS": ["OPENED"] }`; лише там, де Bitrix24 веде робочий час, інакше на роботі ніколи нікого немає.',
  'Where users keep their inner number, `"responseName": "result.0.ASSIGNED_BY.USER_PHONE_INNER"` without `map` needs no list of ids; the number there is then rung as it is.':
    'Якщо внутрішній номер записано в користувача, `"responseName": "result.0.ASSIGNED_BY.USER_PHONE_INNER"` без `map` обходиться без списку id; номер звідти тоді набирається як є.',
  'the call card on the screen of the user whose phone rings, and the call in the CRM when it has ended, also when missed':
    'картка дзвінка на екрані того, чий телефон дзвонить, і дзвінок у CRM, коли він скінчився, також пропущений',
  'events: the address of your Bitrix24 in all eight URLs; these methods need a local application (scopes: telephony, user_basic), not an inbound webhook':
    'events: адреса вашого Bitrix24 в усіх восьми URL; цим методам потрібен локальний застосунок (права: telephony, user_basic), а не вхідний вебхук',
  'ESL_ROUTER_SECRET_BITRIX24_ID, ESL_ROUTER_SECRET_BITRIX24_SECRET, ESL_ROUTER_SECRET_BITRIX24_REFRESH_FILE: of that application, see docs/oauth2.md':
    'ESL_ROUTER_SECRET_BITRIX24_ID, ESL_ROUTER_SECRET_BITRIX24_SECRET, ESL_ROUTER_SECRET_BITRIX24_REFRESH_FILE: цього застосунку, див. docs/oauth2.md',
  'in Bitrix24: the inner number of each user, which must equal the extensions here':
    'у Bitrix24: внутрішній номер кожного користувача, такий самий, як тут',
  'A call that nobody answered is a missed call (304) in Bitrix24, which then reminds its owner.':
    'Дзвінок, на який ніхто не відповів, у Bitrix24 є пропущеним (304), і Bitrix24 нагадує відповідальному.',
  'Bitrix24 takes no call without a user. A call for which nobody was rung leaves no trace in it; nor does one that a mobile phone, a queue or a mailbox answered last, that was missed after it had gone there, or whose router died.':
    'Bitrix24 не приймає дзвінка без користувача. Дзвінок, за якого нікому не дзвонило, не лишає в ньому сліду. Так само й той, на який останніми відповіли мобільний, черга чи голосова пошта, або пропущений після переходу туди, або такий, чий маршрутизатор загинув.',
  'Bitrix24 keeps a call for each user. The end of a call finishes that of one user, the last who was rung or who answered, and closes that card; other users who were rung close theirs themselves. `telephony.externalCall.hide` wants ids of users, and the router knows extensions.':
    'Bitrix24 веде дзвінок для кожного користувача окремо. Кінець дзвінка завершує його для одного – останнього, кому дзвонило або хто відповів, – і закриває його картку; інші, кому дзвонило, закривають свої самі. `telephony.externalCall.hide` потребує id користувачів, а маршрутизатор знає внутрішні номери.',
  'Events are sent at 30 a minute, so that Bitrix24 still answers questions. A card that waits, as after an outage, may open when its call has ended, and then stays open.':
    'Події надсилаються по 30 на хвилину, щоб Bitrix24 і далі відповідав на запитання. Картка, яка чекає, наприклад після збою, може відкритися, коли дзвінок уже скінчився, і тоді лишається відкритою.',
  'A call that lasts longer than half an hour, or ends with a user whose phone did not ring, is registered again at its end.':
    'Дзвінок, довший за пів години, або такий, що скінчився в користувача, чий телефон не дзвонив, наприкінці реєструється ще раз.',

  // hubspot
  "HubSpot: the contact's owner, by the search of contacts":
    'HubSpot: власник контакту, через пошук контактів',
  'ESL_ROUTER_SECRET_HUBSPOT: the access token of a private app with the scope crm.objects.contacts.read':
    'ESL_ROUTER_SECRET_HUBSPOT: токен доступу приватного застосунку з правом crm.objects.contacts.read',
  'Numbers match as HubSpot stores them: +380441234567. A number that is stored with spaces or without + is not found: nobody.':
    'Номери порівнюються так, як їх зберігає HubSpot: +380441234567. Номер, записаний із пробілами чи без +, не знаходиться: ніхто.',
  'Search takes a few requests a second for the whole account, and new contacts appear in it after some seconds.':
    'Пошук витримує кілька запитів на секунду для всього облікового запису, а нові контакти з’являються в ньому за кілька секунд.',
  'If several contacts have the number, HubSpot decides which one is used.':
    'Якщо номер має кілька контактів, котрий взяти, вирішує HubSpot.',
  'If a property of the user holds the extension, ask a second question and you need no map: `"then": [{ "url": "https://api.hubapi.com/crm/v3/objects/users/search", "body": { "filterGroups": [{ "filters": [{ "propertyName": "hubspot_owner_id", "operator": "EQ", "value": "{{reply.results.0.properties.hubspot_owner_id}}" }] }], "properties": ["your_extension"], "limit": 1 }, "responseName": "results.0.properties.your_extension" }]` without `map` and `responseName` (scope crm.objects.users.read).':
    'Якщо внутрішній номер є властивістю користувача, поставте друге запитання, і map не потрібен: `"then": [{ "url": "https://api.hubapi.com/crm/v3/objects/users/search", "body": { "filterGroups": [{ "filters": [{ "propertyName": "hubspot_owner_id", "operator": "EQ", "value": "{{reply.results.0.properties.hubspot_owner_id}}" }] }], "properties": ["your_extension"], "limit": 1 }, "responseName": "results.0.properties.your_extension" }]` без `map` і `responseName` (право crm.objects.users.read).',
  'The owner id is the one of the owners API, not the user id.':
    'id власника – той, що в API власників, а не id користувача.',
  "a call on the contact's timeline, and a task when nobody answered":
    'дзвінок у стрічці контакту і завдання, якщо ніхто не відповів',
  'the scope crm.objects.contacts.write for the private app of ESL_ROUTER_SECRET_HUBSPOT':
    'право crm.objects.contacts.write для приватного застосунку з ESL_ROUTER_SECRET_HUBSPOT',
  'A caller who is not a contact leaves no trace in HubSpot.':
    'Абонент, який не є контактом, не лишає в HubSpot сліду.',
  'HubSpot has no API to show a pop-up while a phone rings.':
    'HubSpot не має API, щоб показати вікно, поки телефон дзвонить.',
  'HubSpot does not recognise an event that comes twice: after a lost reply there is a second call, or task.':
    'HubSpot не розпізнає подію, яка прийшла двічі: після втраченої відповіді буде другий дзвінок або завдання.',

  // kommo
  "Kommo (amoCRM): the contact's responsible user": 'Kommo (amoCRM): відповідальний за контакт',
  'webhook.url: the address of your account; for amoCRM https://your-account.amocrm.ru/api/v4/contacts?limit=1':
    'webhook.url: адреса вашого облікового запису; для amoCRM https://your-account.amocrm.ru/api/v4/contacts?limit=1',
  'ESL_ROUTER_SECRET_KOMMO: a long-lived token of a private integration':
    'ESL_ROUTER_SECRET_KOMMO: довгостроковий токен приватної інтеграції',
  'The search looks into every field of a contact: a note that holds the number matches too. If several contacts match, the first is used.':
    'Пошук дивиться в кожне поле контакту: збігається і примітка з цим номером. Якщо збігається кілька контактів, береться перший.',
  'Kommo allows 7 requests a second for an account, and blocks addresses that send more.':
    'Kommo дозволяє 7 запитів на секунду для облікового запису і блокує адреси, що надсилають більше.',
  'A long-lived token expires on the date that was set when it was created; from then on every caller goes to `onError`.':
    'Довгостроковий токен діє до обраного для нього дня, а далі кожен абонент іде до `onError`.',
  "a call in the card of the caller's contact, and a task when nobody answered":
    'дзвінок у картці контакту і завдання, якщо ніхто не відповів',
  'events: the address of your account in all five URLs':
    'events: адреса вашого облікового запису в усіх п’яти URL',
  'A caller who is not a contact leaves no call in Kommo, which takes none for a number that no card has; nor does a number that only a company has.':
    'Абонент, який не є контактом, не лишає в Kommo дзвінка: для номера, якого немає в жодній картці, Kommo його не приймає. Так само й номер, який є лише в компанії.',
  'A missed call leaves a task, whoever called. It is due at once and belongs to no card; the number is in its text.':
    'Пропущений дзвінок лишає завдання, хто б не дзвонив. Термін – одразу, і воно не належить до картки; номер – у його тексті.',
  'A contact that has the number in another field than its phone is found, and Kommo then rejects the call: the event is parked after a day.':
    'Контакт, у якого номер записано не в полі телефону, знаходиться, але дзвінок Kommo тоді відхиляє: через добу подію буде відкладено.',
  'Pop-ups in Kommo need a widget in the browser, not the API.':
    'Для вікон у Kommo потрібен віджет у браузері, а не API.',

  // zoho
  "Zoho CRM: the contact's owner, by the search for a phone":
    'Zoho CRM: власник контакту, через пошук за телефоном',
  'webhook.url: the API domain of your data centre: zohoapis.com, .eu, .in, .com.au, .jp':
    'webhook.url: домен API вашого дата-центру: zohoapis.com, .eu, .in, .com.au, .jp',
  'ESL_ROUTER_SECRET_ZOHO: an access token with the scopes ZohoCRM.modules.contacts.READ and ZohoSearch.securesearch.READ':
    'ESL_ROUTER_SECRET_ZOHO: токен доступу з правами ZohoCRM.modules.contacts.READ і ZohoSearch.securesearch.READ',
  'A Zoho access token lasts an hour. To have the router renew it, start from conf/examples/zoho-oauth2.json (docs/oauth2.md).':
    'Токен доступу Zoho діє годину. Щоб його оновлював маршрутизатор, почніть з conf/examples/zoho-oauth2.json (docs/oauth2.md).',
  'The search goes over every phone field of contacts. If several contacts match, the first is used; leads are not searched.':
    'Пошук іде по всіх телефонних полях контактів. Якщо збігається кілька, береться перший; лідів не шукають.',
  'If users keep their extension as `phone`, ask a second question and you need no map: leave `map` and `responseName` out, and set `"then": [{ "url": "https://www.zohoapis.com/crm/v5/users/{{reply.data.0.Owner.id}}", "method": "GET", "submission": "http", "responseName": "users.0.phone" }]` (scope ZohoCRM.users.READ). The number there is then rung as it is.':
    'Якщо внутрішній номер записано в користувача як `phone`, поставте друге запитання, і map не потрібен: приберіть `map` і `responseName` та задайте `"then": [{ "url": "https://www.zohoapis.com/crm/v5/users/{{reply.data.0.Owner.id}}", "method": "GET", "submission": "http", "responseName": "users.0.phone" }]` (право ZohoCRM.users.READ). Номер звідти тоді набирається як є.',
  'Only a few requests may run at the same time, and each uses up daily credits.':
    'Одночасно можна лише кілька запитів, і кожен витрачає денні кредити.',

  // salesforce
  "Salesforce: the contact's owner, by a query": 'Salesforce: власник контакту, через запит',
  'webhook.url: your My Domain': 'webhook.url: ваш My Domain',
  'ESL_ROUTER_SECRET_SALESFORCE: an access token of a connected app that may read contacts':
    'ESL_ROUTER_SECRET_SALESFORCE: токен доступу connected app, що може читати контакти',
  [`${MAP_LINE}; ids have 18 characters here`]:
    'webhook.map: id кожного відповідального і його внутрішній номер: {"17": "201"}; кого там немає, той – ніхто; тут id мають 18 знаків',
  'Numbers match as they are stored: +380441234567. Salesforce writes North American numbers as (415) 555-1212; keep E.164 in your own field and name that in the query.':
    'Номери порівнюються так, як записані: +380441234567. Північноамериканські Salesforce пише як (415) 555-1212; тримайте E.164 у власному полі й назвіть його в запиті.',
  'An access token expires with its session. To have the router renew it, start from conf/examples/salesforce-oauth2.json (docs/oauth2.md).':
    'Токен доступу діє, доки триває його сеанс. Щоб його оновлював маршрутизатор, почніть з conf/examples/salesforce-oauth2.json (docs/oauth2.md).',
  'If several contacts match, Salesforce decides which one is used. Add ORDER BY to the query.':
    'Якщо збігається кілька контактів, котрий взяти, вирішує Salesforce. Додайте до запиту ORDER BY.',

  // odoo
  "Odoo: the partner's salesperson, by JSON-RPC": 'Odoo: продавець партнера, через JSON-RPC',
  'webhook.url: the address of your Odoo, with /jsonrpc after it':
    'webhook.url: адреса вашого Odoo, з /jsonrpc наприкінці',
  'webhook.body.args: the name of your database, and instead of the 2 the id of the user who owns the key':
    'webhook.body.args: назва вашої бази даних, а замість 2 – id користувача, якому належить ключ',
  'ESL_ROUTER_SECRET_ODOO: an API key of that user': 'ESL_ROUTER_SECRET_ODOO: ключ API цього користувача',
  '`phone_sanitized` (E.164) exists if the module SMS, or another that maintains it, is installed; otherwise Odoo answers with an error, which `try` shows. It holds one number of a partner.':
    '`phone_sanitized` (E.164) є, якщо встановлено модуль SMS або інший, що його веде; інакше Odoo відповідає помилкою, і `try` її показує. У ньому один номер партнера.',
  'A partner without a salesperson is nobody, and so is a contact without one whose company has one: only the contact itself counts.':
    'Партнер без продавця – ніхто, і контакт без продавця теж, навіть якщо його має компанія: рахується лише сам контакт.',
  'Odoo is about to replace /jsonrpc with its JSON-2 API.':
    'Odoo збирається замінити /jsonrpc на API JSON-2.',

  // google-sheet
  'a Google sheet of numbers and extensions, by examples/crm/google-sheet.gs':
    'таблиця Google з номерами телефонів і внутрішніми номерами, через examples/crm/google-sheet.gs',
  'examples/crm/google-sheet.gs: put it into Extensions -> Apps Script of the sheet, and deploy it as a web app for "Anyone"':
    'examples/crm/google-sheet.gs: вставте його в Розширення -> Apps Script таблиці й розгорніть як вебзастосунок для «Anyone»',
  'webhook.url: the address of that deployment': 'webhook.url: адреса цього розгортання',
  'ESL_ROUTER_SECRET_SHEET: the same text as the script property KEY':
    'ESL_ROUTER_SECRET_SHEET: той самий текст, що у властивості скрипта KEY',
  'esl_router_guard in the dialplan: 8 or more, as an answer may take 6 seconds':
    'esl_router_guard у dialplan: 8 або більше, бо відповідь може тривати 6 секунд',
  'A script takes one to three seconds, and its first answer of the day longer: set `webhook.cacheSeconds` if the same callers call again.':
    'Скрипт відповідає за одну-три секунди, а вперше за день – довше: якщо ті самі абоненти дзвонять знову, задайте `webhook.cacheSeconds`.',
  'Scripts see no HTTP headers, so the key goes in the query, over TLS; no signature can be checked.':
    'Скрипти не бачать заголовків HTTP, тож ключ іде в параметрах URL, через TLS; підпису перевірити не можна.',
  'A script that fails answers with a page of HTML and status 200: `body_not_json`.':
    'Скрипт із помилкою відповідає сторінкою HTML зі статусом 200: `body_not_json`.',
  'Store numbers as text (a leading apostrophe): otherwise the sheet turns them into 3.80E+11.':
    'Зберігайте номери як текст (з апострофом на початку): інакше таблиця перетворить їх на 3.80E+11.',
};
