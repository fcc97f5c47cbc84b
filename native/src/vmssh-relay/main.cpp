#include "relay_process.h"

int main(int count, char** args) { return hvsock::relayProcess(count, args); }
