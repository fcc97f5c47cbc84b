#include "relay_process.h"

int main(int count, char** words) { return hvsock::relayProcess(count, words); }
