/* The journey of journey.py in C, hand-written for it alone: the limit that a general engine is held against.
   A binary heap of pending events, linked queues by pool and priority, xoshiro256**. Prints events, mean wait, lost. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGISTER, CHECK, DECIDE, CALL, CLOSE, TOUCHPOINTS, GONE = -1 };
static const int pool_of[] = {0, 1, 1, 2, 2}, units[] = {3, 7, 2};
static const double mean[] = {2, 3, 4, 5, 2}, patience[] = {20, 60, 60, 10, 30};

typedef struct { double at; uint32_t slot, stamp; } Event;
typedef struct { double since; int touchpoint, priority, waiting, next, before; uint32_t stamp; } Token;

static Event *heap; static int heap_n, heap_cap;
static Token *token; static int *spare, spare_n, token_cap;
static int head[3][2], tail[3][2], busy[3];
static double now, waited; static long events, visits, lost;

static uint64_t s[4];
static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
static inline double uniform(void) {
    uint64_t r = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
    return ((r >> 12) + 0.5) * 0x1p-52;
}
static inline double expo(double m) { return -m * log(uniform()); }

static void push(double at, int slot) {
    if (heap_n == heap_cap) heap = realloc(heap, sizeof *heap * (heap_cap *= 2));
    Event e = {at, slot, ++token[slot].stamp};
    int i = heap_n++;
    while (i && heap[(i - 1) / 2].at > at) { heap[i] = heap[(i - 1) / 2]; i = (i - 1) / 2; }
    heap[i] = e;
}
static Event pop(void) {
    Event top = heap[0], last = heap[--heap_n];
    int i = 0;
    for (int c; (c = 2 * i + 1) < heap_n; i = c) {
        if (c + 1 < heap_n && heap[c + 1].at < heap[c].at) c++;
        if (heap[c].at >= last.at) break;
        heap[i] = heap[c];
    }
    heap[i] = last;
    return top;
}
static void leave(int k) {
    Token *t = token + k; int p = pool_of[t->touchpoint], r = t->priority;
    if (t->before >= 0) token[t->before].next = t->next; else head[p][r] = t->next;
    if (t->next >= 0) token[t->next].before = t->before; else tail[p][r] = t->before;
    t->waiting = 0;
}
static void start(int k) { busy[pool_of[token[k].touchpoint]]++; waited += now - token[k].since; visits++; push(now + expo(mean[token[k].touchpoint]), k); }
static void arrive(int k, int touchpoint) {
    Token *t = token + k; int p = pool_of[touchpoint];
    t->touchpoint = touchpoint; t->since = now;
    if (busy[p] < units[p]) { start(k); return; }
    t->waiting = 1; t->next = -1; t->before = tail[p][t->priority];
    if (t->before >= 0) token[t->before].next = k; else head[p][t->priority] = k;
    tail[p][t->priority] = k;
    push(now + expo(patience[touchpoint]), k);
}
static int route(int touchpoint) {
    double u = uniform();
    switch (touchpoint) {
        case REGISTER: return CHECK;
        case CHECK: return u < 0.1 ? REGISTER : u < 0.64 ? DECIDE : GONE;
        case DECIDE: return u < 0.5 ? CALL : GONE;
        case CALL: return u < 0.3 ? CLOSE : GONE;
        default: return GONE;
    }
}
int main(int argc, char **argv) {
    long cases = atol(argv[1]), seen = 0; uint64_t z = strtoull(argv[2], 0, 10);
    for (int i = 0; i < 4; i++) { z += 0x9E3779B97F4A7C15ull; uint64_t x = z; x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull; x = (x ^ (x >> 27)) * 0x94D049BB133111EBull; s[i] = x ^ (x >> 31); }
    heap = malloc(sizeof *heap * (heap_cap = 1 << 12)); token = calloc(token_cap = 1 << 20, sizeof *token); spare = malloc(sizeof *spare * token_cap);
    for (int i = token_cap - 1; i > 0; i--) spare[spare_n++] = i;
    for (int p = 0; p < 3; p++) for (int r = 0; r < 2; r++) head[p][r] = tail[p][r] = -1;
    push(expo(1.0), 0);
    while (heap_n) {
        Event e = pop();
        if (e.stamp != token[e.slot].stamp) continue;
        now = e.at;
        if (e.slot == 0) {
            events++; seen++;
            int k = spare[--spare_n];
            token[k].priority = uniform() >= 0.3;
            if (seen < cases) push(now + expo(1.0), 0);
            arrive(k, REGISTER);
            continue;
        }
        int k = e.slot; Token *t = token + k; events++;
        if (t->waiting) { leave(k); waited += now - t->since; visits++; lost++; spare[spare_n++] = k; continue; }
        int p = pool_of[t->touchpoint];
        busy[p]--;
        for (int r = 0; r < 2; r++) if (head[p][r] >= 0) { int w = head[p][r]; leave(w); start(w); break; }
        int next = route(t->touchpoint);
        if (next == GONE) spare[spare_n++] = k; else arrive(k, next);
    }
    printf("%ld %.9g %.9g\n", events, 60 * waited / visits, (double)lost / cases);
}
