// The operator's contract (internal/contract) as types. Made by `npm run contract`; do not edit.
// contract 705bf3c00446dd7aa63d01e5933e1dc62f3344163e15deff83c8aca7728535e9, types 5f949eb42f001f7eeb4e0179b84aaa361a5aac5f3f93bdfec84f37a91db4568d
export interface paths {
    "/ledger/v1/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/checkpoint-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    from: number;
                    to: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            from: number;
                            path: components["schemas"]["Bytes32"][];
                            to: number;
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/foundation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    height?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            height: number;
                            snapshot: components["schemas"]["Bytes32"];
                            /** @enum {integer} */
                            v: 1;
                            validators: {
                                power: number;
                                priority: number;
                                public_key: components["schemas"]["Bytes32"];
                            }[][];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/handles/{handle}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    handle: components["schemas"]["Bytes32"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            entries: {
                                entry: components["schemas"]["Base64url"];
                                index: number;
                            }[];
                            grant: {
                                end: components["schemas"]["Epoch"];
                                start: components["schemas"]["Epoch"];
                                wallet: components["schemas"]["Bytes32"];
                                withdrawn: boolean;
                            };
                            handle: components["schemas"]["Bytes32"];
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/handles/{handle}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    handle: components["schemas"]["Bytes32"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            dropped?: {
                                index: number;
                                leaf: components["schemas"]["Bytes32"];
                            }[];
                            entries: {
                                entry: components["schemas"]["Base64url"];
                                index: number;
                            }[];
                            handle: components["schemas"]["Bytes32"];
                            other: {
                                digest: components["schemas"]["Bytes32"];
                                handle: components["schemas"]["Bytes32"];
                            } | null;
                            path: components["schemas"]["Bytes32"][];
                            register: components["schemas"]["Bytes32"];
                            signed_header: components["schemas"]["Base64url"];
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            chain_id: string;
                            height: number;
                            root: components["schemas"]["Bytes32"];
                            size: number;
                            time: number;
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/header": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            signed_header: components["schemas"]["Base64url"];
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/motions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            motions: {
                                [key: string]: {
                                    proposal: {
                                        /** @enum {string} */
                                        kind: "admit" | "remove" | "change";
                                        member: components["schemas"]["LedgerMember"];
                                        register: components["schemas"]["Bytes32"];
                                        replaces: components["schemas"]["Bytes32"];
                                    };
                                    tally: {
                                        against: number;
                                        for: number;
                                        voters: number;
                                    };
                                    votes: {
                                        [key: string]: boolean;
                                    };
                                };
                            };
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/proofs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        leaves: components["schemas"]["Bytes32"][];
                        /** @enum {integer} */
                        v: 1;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            entries: {
                                entry: components["schemas"]["Base64url"];
                                index: number;
                            }[];
                            nodes: components["schemas"]["Bytes32"][];
                            signed_header: components["schemas"]["Base64url"];
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/proofs/{leaf}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    leaf: components["schemas"]["Bytes32"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: components["responses"]["Proof"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            registers: {
                                members: components["schemas"]["LedgerMember"][];
                                number: number;
                            }[];
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            alarms: {
                                detail: string;
                                evidence?: string;
                                /** @enum {string} */
                                kind: "stopped" | "standstill" | "behind" | "clock" | "double-vote" | "split";
                                since: number;
                            }[];
                            chain_id: string;
                            height: number;
                            members: {
                                at: number;
                                member: components["schemas"]["Bytes32"];
                                name: string;
                                /** @enum {string} */
                                sight: "same" | "another" | "silent";
                                size: number;
                            }[];
                            time: number;
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/succession": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    from: components["schemas"]["Bytes32"];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            from?: {
                                chain_id: string;
                                /** @enum {integer} */
                                v: 1;
                                validators: {
                                    power: number;
                                    public_key: components["schemas"]["Bytes32"];
                                }[];
                            };
                            steps: {
                                next: {
                                    chain_id: string;
                                    /** @enum {integer} */
                                    v: 1;
                                    validators: {
                                        power: number;
                                        public_key: components["schemas"]["Bytes32"];
                                    }[];
                                };
                                signed_header: components["schemas"]["Base64url"];
                            }[];
                            /** @enum {integer} */
                            v: 1;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/tile/{level}/{tile}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    level: number;
                    tile: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/tile/entries/{tile}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    tile: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger/v1/validators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            chain_id: string;
                            /** @enum {integer} */
                            v: 1;
                            validators: {
                                power: number;
                                public_key: components["schemas"]["Bytes32"];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/accesses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    after?: components["parameters"]["After"];
                    grant?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            accesses: {
                                business: components["schemas"]["Party"];
                                grant: components["schemas"]["Id"];
                                head: components["schemas"]["Bytes32"];
                                row: string;
                            }[];
                            next: components["schemas"]["Cursor"];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/attachments/{document}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                document: components["parameters"]["AttachedTo"];
            };
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    document: components["parameters"]["AttachedTo"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            chunks: number;
                            have: number[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    document: components["parameters"]["AttachedTo"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/attachments/{document}/{place}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                document: components["parameters"]["AttachedTo"];
                place: number;
            };
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    document: components["parameters"]["AttachedTo"];
                    place: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
            };
        };
        put: {
            parameters: {
                query: {
                    of: number;
                };
                header?: never;
                path: {
                    document: components["parameters"]["AttachedTo"];
                    place: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/octet-stream": string;
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/clock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            quarters: components["schemas"]["Quarters"];
                            told: boolean;
                        };
                    };
                };
            };
        };
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        quarters?: components["schemas"]["Quarters"];
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        ceremony?: string;
                        credential?: components["schemas"]["Assertion"] | null;
                        decision: components["schemas"]["DecisionText"];
                        documents?: components["schemas"]["Puts"];
                        ends?: components["schemas"]["Ends"][] | null;
                        give?: components["schemas"]["Give"][] | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            grants: {
                                grant: components["schemas"]["Id"];
                                /** @enum {string} */
                                state: "anchoring" | "live";
                            }[];
                            return_url: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/decisions/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        decision: components["schemas"]["DecisionText"];
                    };
                };
            };
            responses: {
                200: components["responses"]["ConfirmationStarted"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/deposits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deposits: {
                                business: components["schemas"]["Party"];
                                grant: components["schemas"]["Id"];
                                id: components["schemas"]["Id"];
                                received: components["schemas"]["Unix"];
                                sealed: components["schemas"]["JWE"];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/deposits/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["WaitingInPath"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        accept: boolean;
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            documents: components["schemas"]["Document"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        deletes?: {
                            id: components["schemas"]["Id"];
                            version: components["schemas"]["Version"];
                        }[] | null;
                        puts?: components["schemas"]["Document"][] | null;
                        shares?: {
                            attribute: components["schemas"]["AttributeName"];
                            document: components["schemas"]["Id"];
                            encrypted_key: components["schemas"]["EncryptedKey"];
                            grant: components["schemas"]["Id"];
                            version: components["schemas"]["Version"];
                        }[] | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Empty"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        ceremony: string;
                        credential: components["schemas"]["Assertion"];
                        receipts?: {
                            grant: components["schemas"]["Id"];
                            receipt: components["schemas"]["JWS"];
                        }[] | null;
                        withdraws?: components["schemas"]["WithdrawEntry"][] | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            erased: components["schemas"]["Unix"];
                            erasure: components["schemas"]["JWS"];
                            grants_withdrawn: number;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/erase/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                200: components["responses"]["ConfirmationStarted"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            grants: components["schemas"]["WalletGrant"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        ahead: components["schemas"]["WithdrawEntry"] | null;
                        ceremony?: string;
                        change: components["schemas"]["ChangeText"];
                        credential?: components["schemas"]["Assertion"] | null;
                        documents?: components["schemas"]["Puts"];
                        letter: components["schemas"]["JWE"] | null;
                        partners?: components["schemas"]["PartnersEnds"];
                        receipt: components["schemas"]["JWS"];
                        shares: components["schemas"]["GrantShares"];
                        withdraw: components["schemas"]["WithdrawEntry"] | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            grant: components["schemas"]["Id"];
                            state: components["schemas"]["GrantState"];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/change/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        change: components["schemas"]["ChangeText"];
                    };
                };
            };
            responses: {
                200: components["responses"]["ConfirmationStarted"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/expired": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        receipt: components["schemas"]["JWS"];
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/loop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            loop: components["schemas"]["Loop"] | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: components["responses"]["Proof"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        entry: components["schemas"]["WithdrawEntry"] | null;
                        partners?: components["schemas"]["PartnersEnds"];
                        receipt: components["schemas"]["JWS"];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            anchored: boolean;
                            /** @enum {string} */
                            state: "withdrawn";
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/grants/{id}/withdrawal-proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["GrantInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: components["responses"]["Proof"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/loops": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            loops: components["schemas"]["OwedLoop"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            messages: components["schemas"]["WalletMessage"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["MessageInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/messages/{id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["MessageInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: components["responses"]["Proof"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/messages/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["MessageInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        code: string;
                        key: string;
                        nonce: components["schemas"]["Bytes32"];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            commitment: components["schemas"]["Bytes32"];
                            expires: components["schemas"]["Unix"];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/joined": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Pairing"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/offer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        code_hash: components["schemas"]["Bytes32"];
                        commitment: components["schemas"]["Bytes32"];
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            expires: components["schemas"]["Unix"];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/offered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Pairing"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/reveal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PairingHalf"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/seal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        ciphertext: string;
                        iv: string;
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/pairing/take": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                200: components["responses"]["SignedIn"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/passkeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/passkeys/create/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewCredentialBody"];
                };
            };
            responses: {
                201: components["responses"]["SignedIn"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/passkeys/create/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                200: components["responses"]["CeremonyStarted"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/passkeys/get/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AssertionBody"];
                };
            };
            responses: {
                200: components["responses"]["SignedIn"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/passkeys/get/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                200: components["responses"]["CeremonyStarted"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/published": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        address: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            text: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/recovery/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        signature: components["schemas"]["Base64url"];
                    };
                };
            };
            responses: {
                200: components["responses"]["SignedIn"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/recovery/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        locator: components["schemas"]["Id"];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            challenge: components["schemas"]["Bytes32"];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/reminders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            reminders: {
                                end: components["schemas"]["Epoch"];
                                grant: components["schemas"]["Id"];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            requests: {
                                business: {
                                    did: components["schemas"]["DID"];
                                    name: string;
                                    state: components["schemas"]["BusinessState"];
                                };
                                expires: components["schemas"]["Unix"];
                                id: components["schemas"]["Id"];
                                received: components["schemas"]["Unix"];
                                request: components["schemas"]["JWS"];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: {
                    "Sec-GPC"?: string;
                };
                path: {
                    id: components["parameters"]["RequestInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            business: {
                                did: components["schemas"]["DID"];
                                name: string;
                                state: components["schemas"]["BusinessState"];
                            };
                            cosignatures: components["schemas"]["Cosignatures"];
                            opted_out: components["schemas"]["PurposeName"][];
                            partners: {
                                did: components["schemas"]["DID"];
                                name: string;
                                state: components["schemas"]["BusinessState"];
                            }[];
                            request: components["schemas"]["JWS"];
                            status: components["schemas"]["RequestStatus"];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/rights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            rights: components["schemas"]["WalletRights"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        business: components["schemas"]["DID"];
                        documents?: components["schemas"]["Puts"];
                        grants: components["schemas"]["Id"][];
                        rights: components["schemas"]["Id"];
                        sealed: components["schemas"]["SealedRights"];
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            rights: components["schemas"]["Id"];
                            sent: components["schemas"]["Unix"];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/rights/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["parameters"]["RightsInPath"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WalletRights"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/rotation/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        documents: {
                            encrypted_key: string;
                            id: components["schemas"]["Id"];
                            version: components["schemas"]["Version"];
                        }[];
                        key: components["schemas"]["KeyNumber"];
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/rotation/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        key: components["schemas"]["KeyNumber"];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/rotation/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        key: components["schemas"]["KeyNumber"];
                        wraps: components["schemas"]["Wrap"][];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/session/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/vault/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wallet/v1/wraps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        key?: components["schemas"]["KeyNumber"];
                        recovery?: {
                            locator_hash: components["schemas"]["Bytes32"];
                            signer: components["schemas"]["Bytes32"];
                        };
                        wraps: components["schemas"]["Wrap"][];
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Assertion: {
            [key: string]: unknown;
        };
        AssertionBody: {
            credential: components["schemas"]["Assertion"];
        };
        AttributeName: string;
        Base64url: string;
        /** @enum {string} */
        BusinessState: "active" | "pending" | "suspended";
        Bytes32: string;
        ChangeText: string;
        Channel: string;
        Cosignatures: components["schemas"]["JWS"][] | null;
        CredentialOptions: {
            [key: string]: unknown;
        };
        Cursor: string;
        DecisionText: string;
        DID: string;
        Document: {
            id: components["schemas"]["Id"];
            sealed: components["schemas"]["Sealed"];
            version: components["schemas"]["Version"];
        };
        Empty: Record<string, never>;
        EncryptedKey: string;
        Ends: {
            entry: string;
            grant: components["schemas"]["Id"];
            partners?: components["schemas"]["PartnersEnds"];
            receipt: components["schemas"]["JWS"];
        };
        Epoch: number;
        Give: {
            grant: components["schemas"]["Id"];
            letter: components["schemas"]["JWE"];
            receipt: components["schemas"]["JWS"];
            shares: components["schemas"]["GrantShares"];
            withdraw: components["schemas"]["WithdrawEntry"];
        };
        /** @enum {string} */
        GrantChange: "" | "narrowed" | "shortened" | "renewed" | "paused" | "resumed" | "merged" | "replaced";
        GrantEntry: string;
        GrantShares: {
            attribute: components["schemas"]["AttributeName"];
            document: components["schemas"]["Id"];
            encrypted_key: components["schemas"]["EncryptedKey"];
            version: components["schemas"]["Version"];
        }[] | null;
        /** @enum {string} */
        GrantState: "anchoring" | "live" | "paused" | "replaced" | "withdrawn" | "terminated" | "erased";
        Id: string;
        IdOrNone: string;
        JWE: string;
        JWS: string;
        JWSOrNone: string;
        KeyNumber: number;
        LedgerMember: {
            address: string;
            authority: string;
            checkpoint: string;
            contact: string;
            country: string;
            key: components["schemas"]["Bytes32"];
            name: string;
            node: string;
            observer: boolean;
            purposes: string[];
            /** @enum {string} */
            role: "operator" | "retailer" | "partner" | "regulator" | "other";
            url: string;
            validator: components["schemas"]["Bytes32"];
        };
        Loop: {
            acknowledge_by: components["schemas"]["Unix"];
            acknowledged: components["schemas"]["Unix"];
            acknowledgement: components["schemas"]["JWSOrNone"];
            /** @enum {string} */
            event: "withdrawn" | "terminated" | "erased" | "expired" | "suspended" | "narrowed" | "renewed" | "merged" | "replaced";
            notified: components["schemas"]["Unix"];
            /** @enum {string} */
            overdue: "" | "acknowledgement" | "statement";
            reason: string;
            state_by: components["schemas"]["Unix"];
            stated: components["schemas"]["Unix"];
            statement: components["schemas"]["JWSOrNone"];
        };
        NewCredentialBody: {
            credential: {
                [key: string]: unknown;
            };
        };
        OpenedPermit: {
            document: string;
            entry: components["schemas"]["PermitEntry"];
            opening: components["schemas"]["Opening"];
        };
        Opening: {
            r: components["schemas"]["Bytes32"];
            /** @enum {integer} */
            scheme: 1 | 2;
        };
        OwedLoop: {
            acknowledge_by: components["schemas"]["Unix"];
            acknowledgement: components["schemas"]["JWSOrNone"];
            /** @enum {string} */
            event: "withdrawn" | "terminated" | "erased" | "expired" | "suspended" | "narrowed" | "renewed" | "merged" | "replaced";
            grant: components["schemas"]["Id"];
            notified: components["schemas"]["Unix"];
            /** @enum {string} */
            overdue: "" | "acknowledgement" | "statement";
            state_by: components["schemas"]["Unix"];
        };
        Pairing: {
            ciphertext: string;
            expires: components["schemas"]["Unix"];
            iv: string;
            key: string;
            nonce: string;
            /** @enum {string} */
            step: "offered" | "joined" | "revealed" | "sealed" | "taken";
        };
        PairingHalf: {
            key: string;
            nonce: components["schemas"]["Bytes32"];
        };
        PartnersEnds: {
            entry: components["schemas"]["WithdrawEntry"] | null;
            grant: components["schemas"]["Id"];
            receipt: components["schemas"]["JWS"];
        }[] | null;
        Party: {
            did: components["schemas"]["DID"];
            name: string;
        };
        PermitEntry: string;
        /** @enum {string} */
        ProblemType: "urn:coffer:problem:invalid" | "urn:coffer:problem:too-large" | "urn:coffer:problem:not-found" | "urn:coffer:problem:internal" | "urn:coffer:problem:no-room" | "urn:coffer:problem:not-signed-in" | "urn:coffer:problem:wrong-origin" | "urn:coffer:problem:invalid-token" | "urn:coffer:problem:invalid-dpop-proof" | "urn:coffer:problem:use-dpop-nonce" | "urn:coffer:problem:business-pending" | "urn:coffer:problem:business-suspended" | "urn:coffer:problem:limited-token" | "urn:coffer:problem:too-many" | "urn:coffer:problem:conflict" | "urn:coffer:problem:other-key" | "urn:coffer:problem:pairing-over" | "urn:coffer:problem:passkey-changed" | "urn:coffer:problem:not-finished" | "urn:coffer:problem:prf-leaked" | "urn:coffer:problem:ceremony-over" | "urn:coffer:problem:ledger-unavailable" | "urn:coffer:problem:entry-gone" | "urn:coffer:problem:not-anchored" | "urn:coffer:problem:permit-refused" | "urn:coffer:problem:did-unreachable" | "urn:coffer:problem:replayed" | "urn:coffer:problem:already-answered" | "urn:coffer:problem:expired" | "urn:coffer:problem:stale" | "urn:coffer:problem:not-over" | "urn:coffer:problem:unknown-cursor" | "urn:coffer:problem:not-next" | "urn:coffer:problem:mismatch" | "urn:coffer:problem:withdrawn" | "urn:coffer:problem:paused" | "urn:coffer:problem:narrowed" | "urn:coffer:problem:replaced" | "urn:coffer:problem:terminated" | "urn:coffer:problem:not-started" | "urn:coffer:problem:not-covered" | "urn:coffer:problem:no-permit" | "urn:coffer:problem:condition" | "urn:coffer:problem:policy" | "urn:coffer:problem:malformed" | "urn:coffer:problem:wrong-version" | "urn:coffer:problem:bad-signature" | "urn:coffer:problem:wrong-issuer" | "urn:coffer:problem:wrong-audience" | "urn:coffer:problem:not-yet" | "urn:coffer:problem:over-long" | "urn:coffer:problem:over-wide" | "urn:coffer:problem:unknown-attribute" | "urn:coffer:problem:unknown-purpose" | "urn:coffer:problem:unregistered-purpose" | "urn:coffer:problem:duplicate" | "urn:coffer:problem:no-purpose" | "urn:coffer:problem:too-many-purposes" | "urn:coffer:problem:nothing-asked" | "urn:coffer:problem:bad-length" | "urn:coffer:problem:no-text" | "urn:coffer:problem:bad-channel" | "urn:coffer:problem:bad-key" | "urn:coffer:problem:bad-url" | "urn:coffer:problem:no-controller" | "urn:coffer:problem:wrong-template" | "urn:coffer:problem:wrong-grants" | "urn:coffer:problem:bad-partner" | "urn:coffer:problem:unknown-partner" | "urn:coffer:problem:not-cosigned" | "urn:coffer:problem:wrong-request" | "urn:coffer:problem:undecided" | "urn:coffer:problem:decided-twice" | "urn:coffer:problem:wider-than-request" | "urn:coffer:problem:missing-required" | "urn:coffer:problem:bad-entry" | "urn:coffer:problem:stale-decision" | "urn:coffer:problem:wrong-receipt" | "urn:coffer:problem:wider-than-grant" | "urn:coffer:problem:wrong-change" | "urn:coffer:problem:bad-condition" | "urn:coffer:problem:wrong-evidence" | "urn:coffer:problem:revoked" | "urn:coffer:problem:bad-status" | "urn:coffer:problem:wrong-opening" | "urn:coffer:problem:wrong-statement";
        Proof: {
            entry: components["schemas"]["Base64url"];
            index: number;
            path: components["schemas"]["Bytes32"][];
            signed_header: components["schemas"]["Base64url"];
            /** @enum {integer} */
            v: 1;
        };
        PurposeIRI: string;
        PurposeName: string;
        Puts: {
            puts?: components["schemas"]["Document"][] | null;
        };
        Quarters: number | null;
        /** @enum {string} */
        RequestStatus: "open" | "answered" | "expired";
        RightsReply: {
            received: components["schemas"]["Unix"];
            sealed: components["schemas"]["SealedRights"];
            /** @enum {string} */
            step: "acknowledged" | "extended" | "answered";
        };
        Sealed: {
            ciphertext: components["schemas"]["Base64url"];
            iv: string;
            protected: components["schemas"]["Base64url"];
            recipients: {
                encrypted_key: string;
                header: {
                    /** @enum {string} */
                    alg: "A256KW";
                    kid: string;
                };
            }[];
            tag: string;
        };
        SealedRights: string;
        Session: {
            credential: string;
            inactive?: {
                days: number;
                months: number;
                warned: number;
            };
            key: components["schemas"]["KeyNumber"];
            next: components["schemas"]["Wrap"][];
            passkeys: {
                backed_up: boolean;
                backup_changed: boolean;
                cloned: boolean;
                created: components["schemas"]["Unix"];
                id: components["schemas"]["Base64url"];
                prf: boolean;
                used: number;
            }[];
            recovery: boolean;
            salt: components["schemas"]["Bytes32"];
            /** @enum {string} */
            state: "opening" | "open";
            vault: components["schemas"]["Id"];
            wraps: components["schemas"]["Wrap"][];
        };
        Unix: number;
        Version: number;
        WalletGrant: {
            anchored: boolean;
            attributes: components["schemas"]["AttributeName"][];
            business: components["schemas"]["Party"];
            change: components["schemas"]["GrantChange"];
            channels: components["schemas"]["Channel"][];
            countersignature: components["schemas"]["JWSOrNone"];
            end: components["schemas"]["Epoch"];
            entry: components["schemas"]["GrantEntry"];
            given: components["schemas"]["Unix"];
            grant: components["schemas"]["Id"];
            onward_of?: components["schemas"]["Id"];
            predecessor: components["schemas"]["IdOrNone"];
            purpose: components["schemas"]["PurposeIRI"];
            purpose_id: components["schemas"]["PurposeName"];
            receipt: components["schemas"]["JWS"];
            receipts: components["schemas"]["JWS"][];
            request: components["schemas"]["Id"];
            standing?: {
                evidence: {
                    by: components["schemas"]["DID"];
                    evidence: components["schemas"]["JWS"];
                    from: components["schemas"]["Unix"];
                    received: components["schemas"]["Unix"];
                    until: components["schemas"]["Unix"];
                }[];
                met: boolean;
                used: number;
            };
            start: components["schemas"]["Epoch"];
            state: components["schemas"]["GrantState"];
            successor: components["schemas"]["IdOrNone"];
            withdrawal_receipt: components["schemas"]["JWSOrNone"];
            withdrawn: components["schemas"]["Unix"];
        };
        WalletMessage: {
            business: components["schemas"]["Party"];
            grant: components["schemas"]["Id"];
            id: components["schemas"]["Id"];
            permit: components["schemas"]["OpenedPermit"];
            read: boolean;
            received: components["schemas"]["Unix"];
            sealed: string;
        };
        WalletRights: {
            business: components["schemas"]["Party"];
            grants: components["schemas"]["Id"][];
            replies: components["schemas"]["RightsReply"][];
            rights: components["schemas"]["Id"];
            sent: components["schemas"]["Unix"];
        };
        WithdrawEntry: string;
        Wrap: {
            ciphertext: components["schemas"]["Base64url"];
            credential?: string;
            ephemeral?: string;
            iv: string;
            /** @enum {string} */
            kind: "passkey" | "recovery";
        };
    };
    responses: {
        CeremonyStarted: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    public_key: components["schemas"]["CredentialOptions"];
                };
            };
        };
        ConfirmationStarted: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    ceremony: string;
                    public_key: components["schemas"]["CredentialOptions"];
                };
            };
        };
        Proof: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Proof"];
            };
        };
        SignedIn: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Session"];
            };
        };
    };
    parameters: {
        After: string;
        AttachedTo: components["schemas"]["Id"];
        GrantInPath: components["schemas"]["Id"];
        MessageInPath: components["schemas"]["Id"];
        RequestInPath: components["schemas"]["Id"];
        RightsInPath: components["schemas"]["Id"];
        WaitingInPath: components["schemas"]["Id"];
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
