// Loaded into firebase-tools before it starts. The functions' server drops a connection that has
// idled for two seconds, and a request that reuses it in that moment is lost.

const http = require('node:http');

http.globalAgent = new http.Agent({ keepAlive: false });
