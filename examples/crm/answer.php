<?php
// The CRM's side of docs/crm.md in PHP 8:  CRM_SECRET=whsec_... php -S 127.0.0.1:8090 answer.php
// Behind a web server: pass Authorization and webhook-* headers on, and keep display_errors off.
declare(strict_types=1);
ini_set('display_errors', '0');

const OWNERS = ['+380501234567' => '201', '+15005550123' => [['201', '202']]]; // yours: a query

function is_signed(string $body): bool
{
    $secret = (string) getenv('CRM_SECRET');
    if ($secret === '') {
        return true; // nobody checks: for a first try only
    }
    $time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (preg_match('/^\d{1,12}$/', $time) !== 1 || abs(time() - (int) $time) > 300) {
        return false;
    }
    $signed = ($_SERVER['HTTP_WEBHOOK_ID'] ?? '') . ".$time.$body";
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $one) {
        if (hash_equals($expected, $one)) {
            return true;
        }
    }
    return false;
}

/** What became of a call (docs/events.md): pop-ups, calls and missed calls are yours, and so is a table of the ids that came. */
function note(array $event): object
{
    error_log("{$event['event']} {$event['caller']} {$event['destination']}");
    return new stdClass();
}

$body = (string) file_get_contents('php://input');
$question = json_decode($body, true);
[$status, $document] = match (true) {
    !is_signed($body) => [401, ['error' => 'the signature is wrong']],
    !is_array($question) || !is_string($question['caller'] ?? null) => [400, ['error' => 'the body is not JSON, or has no caller']],
    isset($question['event_id']) => [200, note($question)],
    default => [200, ['destination' => OWNERS[$question['caller']] ?? null]],
};
http_response_code($status);
header('Content-Type: application/json');
echo json_encode($document);
