<?php
// Stands for the older webhook: a script that inserts each delivery into MongoDB as it came,
// with the driver's defaults. The driver keeps its connection from one request to the next.

$manager = new MongoDB\Driver\Manager($_SERVER['MONGODB']);
$insert = new MongoDB\Driver\BulkWrite();
$insert->insert(json_decode(file_get_contents('php://input')));
$manager->executeBulkWrite('zoomEvents.events', $insert);
http_response_code(204);
