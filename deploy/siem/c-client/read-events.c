/*
 * Reads events by the NATS project's C client and prints one a line.
 *
 * Debian: apt-get install gcc libnats-dev
 * Build:  cc -o read-events read-events.c -lnats
 * Run:    read-events URL CA-FILE CREDENTIALS-FILE STREAM NAME
 *
 * An event is acknowledged when its line has left this process; killed at any moment, it goes on where it was.
 */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 50, WAIT_MS = 2000 };

static void require(natsStatus status, const char *what) {
  if (status == NATS_OK) return;
  fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
  exit(1);
}

int main(int count, char **words) {
  if (count != 6) {
    fprintf(stderr, "usage: %s URL CA-FILE CREDENTIALS-FILE STREAM NAME\n", words[0]);
    return 2;
  }
  natsOptions *options = NULL;
  natsConnection *bus = NULL;
  jsCtx *stream = NULL;
  natsSubscription *subscription = NULL;
  jsSubOptions place;

  require(natsOptions_Create(&options), "options");
  require(natsOptions_SetURL(options, words[1]), "address");
  require(natsOptions_SetSecure(options, true), "TLS");
  require(natsOptions_LoadCATrustedCertificates(options, words[2]), "certificate authority");
  require(natsOptions_SetUserCredentialsFromFiles(options, words[3], NULL), "credentials");
  require(natsConnection_Connect(&bus, options), "connection");
  require(natsConnection_JetStream(&stream, bus, NULL), "JetStream");

  /* The consumer that is there: a subscriber makes none. */
  require(jsSubOptions_Init(&place), "subscription");
  place.Stream = words[4];
  place.Consumer = words[5];
  place.ManualAck = true;
  require(js_PullSubscribe(&subscription, stream, NULL, words[5], NULL, &place, NULL), "consumer");

  for (;;) {
    natsMsgList events = {0};
    natsStatus status = natsSubscription_Fetch(&events, subscription, BATCH, WAIT_MS, NULL);
    if (status == NATS_TIMEOUT) continue;
    require(status, "events");
    for (int one = 0; one < events.Count; one++) {
      natsMsg *event = events.Msgs[one];
      if (printf("%.*s\n", natsMsg_GetDataLength(event), natsMsg_GetData(event)) < 0 || fflush(stdout) != 0) return 1;
      require(natsMsg_AckSync(event, NULL, NULL), "acknowledgement");
    }
    natsMsgList_Destroy(&events);
  }
}
