/** Another process on the router's core: it takes its share, all the time. */
for (;;);
