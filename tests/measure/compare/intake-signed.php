<?php
// Stands for the older webhook if it had promised what Lookout does: it verifies Zoom's signature
// first, and answers when the event is in MongoDB's journal on disk.

$body = file_get_contents('php://input');
$stamp = $_SERVER['HTTP_X_ZM_REQUEST_TIMESTAMP'] ?? '';
$digest = hash_hmac('sha256', "v0:$stamp:$body", $_SERVER['SECRET']);
$is_genuine = hash_equals("v0=$digest", $_SERVER['HTTP_X_ZM_SIGNATURE'] ?? '');
if (!$is_genuine || abs(time() - (int) $stamp) > 300) {
    http_response_code(401);
    exit;
}
$manager = new MongoDB\Driver\Manager($_SERVER['MONGODB']);
$insert = new MongoDB\Driver\BulkWrite();
$insert->insert(json_decode($body));
$is_on_disk = new MongoDB\Driver\WriteConcern(1, 0, true);
$manager->executeBulkWrite('zoomEvents.signed', $insert, ['writeConcern' => $is_on_disk]);
http_response_code(204);
